import { Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { Vpc } from 'aws-cdk-lib/aws-ec2';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { KolateKey } from '../../../lib/constructs/kolate-key';
import { KolateLambda, type KolateLambdaProps } from '../../../lib/constructs/kolate-lambda';
import { createApp } from '../../../lib/platform-app';

function synthesize(more: Partial<KolateLambdaProps<'authorizer'>> = {}, inVpc = false): Template {
  const app = createApp({ analyticsReporting: false, builtinCloudFormationValidation: false });
  const stack = new Stack(app, 'Stack', { env: { account: '111111111111', region: 'us-east-1' } });
  new KolateLambda(stack, 'Authorizer', {
    handler: 'authorizer',
    description: 'Who may call what',
    environment: { KOLATE_ISSUER_URL: 'https://issuer.example.com', KOLATE_USAGE_KEYS_OF: 'kolate-test-api' },
    key: new KolateKey(stack, 'Key', 'Test'),
    logDays: 30,
    alarmTopic: new Topic(stack, 'Alarms'),
    concurrency: { unlimitedBecause: 'Every request waits for it.' },
    ...more,
    vpc: inVpc ? new Vpc(stack, 'Vpc', { subnetConfiguration: subnets }) : undefined,
  });
  return Template.fromStack(stack);
}
const subnets = [
  { name: 'public', subnetType: 'Public' as never },
  { name: 'app', subnetType: 'Private' as never },
];

describe('a Lambda of ours', () => {
  it('runs the bundle on Node 24 and ARM, traced, with its variables and a log that is encrypted and ends', () => {
    const template = synthesize();
    template.hasResourceProperties('AWS::Lambda::Function', {
      Runtime: 'nodejs24.x',
      Architectures: ['arm64'],
      TracingConfig: { Mode: 'Active' },
      Environment: { Variables: Match.objectLike({ KOLATE_ISSUER_URL: 'https://issuer.example.com' }) },
      LoggingConfig: { LogFormat: 'JSON', LogGroup: Match.anyValue() },
    });
    template.hasResourceProperties('AWS::Logs::LogGroup', { RetentionInDays: 30, KmsKeyId: Match.anyValue() });
  });
});

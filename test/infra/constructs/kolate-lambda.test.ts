import { existsSync } from 'node:fs';
import { Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { SubnetType, Vpc } from 'aws-cdk-lib/aws-ec2';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { KolateKey } from '../../../lib/constructs/kolate-key';
import { KolateLambda, type KolateLambdaProps } from '../../../lib/constructs/kolate-lambda';
import { createApp } from '../../../lib/platform-app';

type Handler = 'pre-token';

function synthesize(more: Partial<KolateLambdaProps<Handler>> = {}, inVpc = false): Template {
  const app = createApp({ analyticsReporting: false, builtinCloudFormationValidation: false });
  const stack = new Stack(app, 'Stack', { env: { account: '111111111111', region: 'us-east-1' } });
  const subnetConfiguration = [{ name: 'app', subnetType: SubnetType.PRIVATE_ISOLATED }];
  new KolateLambda<Handler>(stack, 'Lambda', {
    handler: 'pre-token',
    description: 'Says what is in tokens',
    environment: { KOLATE_CLIENT_TABLE: 'clients', KOLATE_OPERATOR_CLIENT_PARAMETER: '/operator' },
    key: new KolateKey(stack, 'Key', 'Test'),
    logDays: 30,
    alarmTopic: new Topic(stack, 'Alarms'),
    concurrency: { unlimitedBecause: 'Every token waits for it.' },
    ...more,
    ...(inVpc ? { vpc: new Vpc(stack, 'Vpc', { subnetConfiguration }) } : {}),
  });
  return Template.fromStack(stack);
}

describe('a Lambda of ours', () => {
  it('runs the bundle on Node 24 and ARM, traced, with its variables and a log that is encrypted and ends', () => {
    const template = synthesize();
    template.hasResourceProperties('AWS::Lambda::Function', {
      Runtime: 'nodejs24.x',
      Architectures: ['arm64'],
      TracingConfig: { Mode: 'Active' },
      Environment: { Variables: { KOLATE_CLIENT_TABLE: 'clients', KOLATE_OPERATOR_CLIENT_PARAMETER: '/operator' } },
      LoggingConfig: { LogFormat: 'JSON', LogGroup: Match.anyValue() },
      ReservedConcurrentExecutions: Match.absent(),
      VpcConfig: Match.absent(),
    });
    template.hasResourceProperties('AWS::Logs::LogGroup', { RetentionInDays: 30, KmsKeyId: Match.anyValue() });
  });

  it('has no managed policy of AWS, and may write to its own log alone', () => {
    const template = synthesize();
    template.hasResourceProperties('AWS::IAM::Role', { ManagedPolicyArns: Match.absent() });
    const policy = JSON.stringify(template.findResources('AWS::IAM::Policy'));
    expect(policy).toContain('logs:PutLogEvents');
    expect(policy).not.toContain('logs:CreateLogGroup');
  });

  it('stands in the app subnets, with a security group of its own, when it is given a network', () => {
    synthesize({}, true).hasResourceProperties('AWS::Lambda::Function', {
      VpcConfig: { SubnetIds: Match.anyValue(), SecurityGroupIds: [Match.anyValue()] },
    });
  });

  it('keeps what failed thrice when nobody waits for it, and rings then', () => {
    const template = synthesize({ async: true });
    template.hasResourceProperties('AWS::Lambda::Function', { DeadLetterConfig: Match.anyValue() });
    template.hasResourceProperties('AWS::SQS::Queue', { KmsMasterKeyId: Match.anyValue() });
    template.resourceCountIs('AWS::CloudWatch::Alarm', 3);
    synthesize().resourceCountIs('AWS::SQS::Queue', 0);
  });

  it('rings at errors and at calls that were turned away, with a runbook that is there', () => {
    const alarms = Object.values(synthesize().findResources('AWS::CloudWatch::Alarm'));
    expect(alarms.map(({ Properties }) => Properties.MetricName).sort()).toEqual(['Errors', 'Throttles']);
    for (const { Properties } of alarms) {
      const [runbook = ''] = /docs\/runbooks\/[\w-]+\.md/.exec(Properties.AlarmDescription) ?? [];
      expect(existsSync(runbook)).toBe(true);
    }
  });

  it('counts lines of its log as errors where refusals are in order', () => {
    const template = synthesize({ errorTerms: ['KLT_', 'Task timed out'] });
    template.hasResourceProperties('AWS::Logs::MetricFilter', { FilterPattern: '?"KLT_" ?"Task timed out"' });
    template.resourcePropertiesCountIs('AWS::CloudWatch::Alarm', { MetricName: 'Errors' }, 0);
  });

  it('takes from the account’s concurrency what it is said to reserve', () => {
    synthesize({ concurrency: 5 }).hasResourceProperties('AWS::Lambda::Function', { ReservedConcurrentExecutions: 5 });
  });

  it('is typed by the contract of its variables', () => {
    // @ts-expect-error: the table is missing
    const lacking: KolateLambdaProps<Handler>['environment'] = { KOLATE_OPERATOR_CLIENT_PARAMETER: '/operator' };
    expect(lacking).not.toHaveProperty('KOLATE_CLIENT_TABLE');
  });
});

import { Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { type IConnectable, Vpc } from 'aws-cdk-lib/aws-ec2';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { dev } from '../../../lib/config/dev';
import { KolateKey } from '../../../lib/constructs/kolate-key';
import { SecretRotation } from '../../../lib/constructs/secret-rotation';
import { createApp } from '../../../lib/platform-app';

function synthesize() {
  const app = createApp({ analyticsReporting: false, builtinCloudFormationValidation: false });
  const stack = new Stack(app, 'Stack', { env: { account: '111111111111', region: 'us-east-1' } });
  const key = new KolateKey(stack, 'Key', 'Test');
  const vpc = new Vpc(stack, 'Vpc', { subnetConfiguration: [{ name: 'app', subnetType: 'Isolated' as never }] });
  const rotation = new SecretRotation(stack, 'Rotation', {
    ...{ vpc, key, logDays: dev.logDays, alarmTopic: new Topic(stack, 'Alarms') },
  });
  const peers: IConnectable[] = [];
  const store = { allowFrom: (peer: IConnectable) => void peers.push(peer) };
  rotation.rotate(new Secret(stack, 'User', { encryptionKey: key }), store, new Secret(stack, 'Admin'));
  return { template: Template.fromStack(stack), peers };
}

describe('the rotation of secrets', () => {
  const { template, peers } = synthesize();

  it('runs every 90 days, as our own function and nobody’s application', () => {
    template.hasResourceProperties('AWS::SecretsManager::RotationSchedule', {
      RotationRules: { ScheduleExpression: 'rate(90 days)' },
      RotationLambdaARN: Match.anyValue(),
      HostedRotationLambda: Match.absent(),
    });
    template.resourceCountIs('AWS::Serverless::Application', 0);
  });

  it('lets Secrets Manager call the function, and the function into the store', () => {
    template.hasResourceProperties('AWS::Lambda::Permission', {
      Action: 'lambda:InvokeFunction',
      Principal: 'secretsmanager.amazonaws.com',
      SourceAccount: '111111111111',
    });
    expect(peers).toHaveLength(1);
  });

  it('may read and write the user’s secret, and of the administrator’s no more than read', () => {
    const [role] = Object.keys(template.findResources('AWS::IAM::Policy'));
    const policies = JSON.stringify(template.findResources('AWS::IAM::Policy')[role ?? '']);
    expect(policies).toContain('secretsmanager:UpdateSecretVersionStage');
    expect(policies.match(/secretsmanager:PutSecretValue/g)).toHaveLength(1);
  });

  it('keeps calls that failed thrice', () => {
    template.hasResourceProperties('AWS::Lambda::Function', { DeadLetterConfig: Match.anyValue() });
  });
});

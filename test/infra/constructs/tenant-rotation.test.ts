import { Template } from 'aws-cdk-lib/assertions';
import { dev } from '../../../lib/config/dev';
import { addPlatform, createApp } from '../../../lib/platform-app';

const app = createApp({ analyticsReporting: false, builtinCloudFormationValidation: false });
addPlatform(app, dev);
const provisioning = app.node.findChild('kolate-dev-provisioning');
const template = Template.fromStack(provisioning as never);
type Statement = { Action: string | string[]; Resource: unknown; Condition?: object };
const statements = Object.values(template.findResources('AWS::IAM::Policy')).flatMap(
  ({ Properties }) => Properties.PolicyDocument.Statement as Statement[],
);
const about = (service: string) =>
  statements
    .filter(({ Action }) => JSON.stringify(Action).includes(`"${service}:`))
    .map(({ Action, Resource, Condition }) => ({
      actions: [Action].flat().map((action) => action.split(':')[1]),
      on: JSON.stringify(Resource).match(/secret:[^"]*/)?.[0],
      only: Condition && Object.keys(Object.values(Condition)[0] as object),
    }));

describe('the rotation of tenants’ passwords', () => {
  it('may read and write the passwords of tenants’ stores, and of certificates no more than read', () => {
    expect(about('secretsmanager')).toEqual(
      expect.arrayContaining([
        {
          actions: ['DescribeSecret', 'GetSecretValue', 'PutSecretValue', 'UpdateSecretVersionStage'],
          on: 'secret:kolate/dev/tenant/*/stores-??????',
        },
        { actions: ['GetSecretValue'], on: 'secret:kolate/dev/tenant/*/tls-??????' },
      ]),
    );
  });

  it('is scheduled by tenants’ stacks, which can name no other function', () => {
    expect(about('secretsmanager')).toContainEqual({
      actions: ['RotateSecret'],
      on: 'secret:kolate/dev/tenant/*/stores-??????',
      only: ['secretsmanager:RotationLambdaARN'],
    });
  });

  it('comes into engines as the services do, and is called by Secrets Manager of this account alone', () => {
    const functions = Object.values(template.findResources('AWS::Lambda::Function'));
    const rotation = functions.find(({ Properties }) => /passwords of tenants/.test(Properties.Description));
    expect(JSON.stringify(rotation?.Properties.VpcConfig.SecurityGroupIds)).toMatch(/HostingClients/);
    template.hasResourceProperties('AWS::Lambda::Permission', {
      Principal: 'secretsmanager.amazonaws.com',
      SourceAccount: dev.account ?? '111111111111',
    });
  });
});

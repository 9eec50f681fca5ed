import { Match, Template } from 'aws-cdk-lib/assertions';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { dev } from '../../../lib/config/dev';
import type { Environment } from '../../../lib/config/environment';
import { prod } from '../../../lib/config/prod';
import { createApp } from '../../../lib/platform-app';
import { IdentityStack } from '../../../lib/stacks/identity-stack';
import { KolateStack } from '../../../lib/stacks/kolate-stack';
import { allScopes } from '../../../src/contracts/scopes';

function synthesize(environment: Environment) {
  const app = createApp({ analyticsReporting: false, builtinCloudFormationValidation: false });
  const alarmTopic = new Topic(new KolateStack(app, 'alarms', { environment }), 'Topic');
  return Template.fromStack(new IdentityStack(app, { environment, alarmTopic }));
}

describe('the identity stack', () => {
  const template = synthesize(prod);
  const clients = Object.values(template.findResources('AWS::Cognito::UserPoolClient')) as {
    Properties: Record<string, unknown>;
  }[];

  it.each([
    ['required', prod, 'ON'],
    ['optional', dev, 'OPTIONAL'],
  ])(
    'makes the second factor %s where the environment says so, and takes a passkey for both',
    (_mfa, environment, on) => {
      synthesize(environment).hasResourceProperties('AWS::Cognito::UserPool', {
        MfaConfiguration: on,
        EnabledMfas: ['SOFTWARE_TOKEN_MFA'],
        Policies: Match.objectLike({ SignInPolicy: { AllowedFirstAuthFactors: ['PASSWORD', 'WEB_AUTHN'] } }),
        WebAuthnUserVerification: 'required',
        WebAuthnFactorConfiguration: 'MULTI_FACTOR_WITH_USER_VERIFICATION',
        AdminCreateUserConfig: { AllowAdminCreateUserOnly: true },
        DeletionProtection: 'ACTIVE',
        UserPoolTier: 'ESSENTIALS',
      });
    },
  );

  it('asks the trigger in the version that client credentials know', () => {
    template.hasResourceProperties('AWS::Cognito::UserPool', {
      LambdaConfig: { PreTokenGenerationConfig: { LambdaArn: Match.anyValue(), LambdaVersion: 'V3_0' } },
    });
  });

  it('has every scope of the contracts, under the audience of the API', () => {
    template.hasResourceProperties('AWS::Cognito::UserPoolResourceServer', {
      Identifier: 'https://api.kolate',
      Scopes: allScopes.map((ScopeName) => ({ ScopeName, ScopeDescription: ScopeName })),
    });
  });

  it('has a group for every role', () => {
    for (const GroupName of ['operator', 'tenant-admin', 'tenant-service']) {
      template.hasResourceProperties('AWS::Cognito::UserPoolGroup', { GroupName });
    }
  });

  it('lets no app client of people write the tenant', () => {
    const people = clients.filter(({ Properties }) => !Properties.GenerateSecret);
    expect(people).toHaveLength(2);
    for (const { Properties } of people) expect(Properties.WriteAttributes).toEqual(['locale', 'name']);
  });

  it('lets access tokens live for a quarter of an hour, and people come by code only', () => {
    expect(clients).toHaveLength(3);
    for (const { Properties } of clients) {
      expect(Properties).toMatchObject({ AccessTokenValidity: 15, EnableTokenRevocation: true });
    }
    const flows = clients.map(({ Properties }) => Properties.AllowedOAuthFlows);
    expect(flows).toEqual(expect.arrayContaining([['client_credentials'], ['code'], ['code']]));
  });

  it('sends people of the command line back to the one address that it listens at', () => {
    template.hasResourceProperties('AWS::Cognito::UserPoolClient', {
      CallbackURLs: ['http://localhost:8400/callback'],
    });
  });

  it('keeps pool and table when the stack goes, and the table encrypted and recoverable', () => {
    template.hasResource('AWS::Cognito::UserPool', { DeletionPolicy: 'Retain' });
    template.hasResource('AWS::DynamoDB::GlobalTable', {
      DeletionPolicy: 'Retain',
      Properties: {
        Replicas: [
          Match.objectLike({
            DeletionProtectionEnabled: true,
            PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
          }),
        ],
        SSESpecification: { SSEEnabled: true, SSEType: 'KMS' },
      },
    });
  });

  it('shows the operators’ secret in no template', () => {
    const secrets = JSON.stringify(template.findResources('AWS::SecretsManager::Secret'));
    expect(secrets).toContain('"ClientSecret"');
    expect(secrets).toContain('Fn::GetAtt');
  });

  it('has the operators’ secret rotated every 90 days, by a function that may do no more to the pool', () => {
    template.hasResourceProperties('AWS::SecretsManager::RotationSchedule', {
      SecretId: { Ref: Object.keys(template.findResources('AWS::SecretsManager::Secret'))[0] },
      RotationRules: { ScheduleExpression: 'rate(90 days)' },
    });
    const [policy] = Object.values(template.findResources('AWS::IAM::Policy')).filter((each) =>
      JSON.stringify(each).includes('OperatorRotation'),
    );
    const actions = JSON.stringify(policy).match(/cognito-idp:\w+/g);
    expect(actions?.sort()).toEqual([
      ...['AddUserPoolClientSecret', 'DeleteUserPoolClientSecret', 'ListUserPoolClientSecrets'].map(
        (name) => `cognito-idp:${name}`,
      ),
    ]);
  });
});

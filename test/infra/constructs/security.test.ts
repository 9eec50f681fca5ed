import { Match, Template } from 'aws-cdk-lib/assertions';
import { dev } from '../../../lib/config/dev';
import type { Environment } from '../../../lib/config/environment';
import { prod } from '../../../lib/config/prod';
import { createApp } from '../../../lib/platform-app';
import { AccountStack, needsAccountStack } from '../../../lib/stacks/account-stack';
import { SecurityStack } from '../../../lib/stacks/security-stack';
import { StorageStack } from '../../../lib/stacks/storage-stack';

type Statement = {
  Sid?: string;
  Effect: string;
  Action: string | string[];
  Condition?: Record<string, Record<string, unknown>>;
};

const stacksOf = (environment: Environment) => {
  const app = createApp({ analyticsReporting: false, builtinCloudFormationValidation: false });
  const security = new SecurityStack(app, { environment });
  const { alarmTopic } = security;
  const { accessLogs } = new StorageStack(app, { environment, alarmTopic });
  const account = new AccountStack(app, { environment, alarmTopic, accessLogs });
  return { security: Template.fromStack(security), account: Template.fromStack(account) };
};
const { security, account } = stacksOf(prod);

describe('the permissions boundary', () => {
  const [policy] = Object.values(security.findResources('AWS::IAM::ManagedPolicy'));
  const statements: Statement[] = policy?.Properties.PolicyDocument.Statement;
  const named = (sid: string): Statement | undefined => statements.find(({ Sid }) => Sid === sid);
  const actionsOf = (sid: string): string[] => [named(sid)?.Action ?? []].flat();

  it('fits into a managed policy', () => {
    expect(JSON.stringify(policy?.Properties.PolicyDocument).length).toBeLessThan(6_144);
  });

  it('allows no way to more rights: of IAM only handing a role of the platform to CloudFormation', () => {
    const allowed = statements.filter(({ Effect }) => Effect === 'Allow').flatMap(({ Action }) => [Action].flat());
    expect(allowed.filter((action) => /^(iam|organizations|account):|^\*/.test(action))).toEqual(['iam:PassRole']);
    expect(named('HandOverToCloudFormation')).toMatchObject({
      Condition: { StringEquals: { 'iam:PassedToService': 'cloudformation.amazonaws.com' } },
    });
  });

  it('denies to delete keys and buckets and to stop the records of who did what', () => {
    expect(actionsOf('Forbidden')).toEqual(
      expect.arrayContaining(['iam:Create*', 'kms:ScheduleKeyDeletion', 's3:DeleteBucket*', 'cloudtrail:*']),
    );
  });

  it('keeps out of what is tagged for another environment, and leaves what has no tag alone', () => {
    expect(named('OtherEnvironments')).toMatchObject({
      Effect: 'Deny',
      Action: '*',
      Condition: {
        Null: { 'aws:ResourceTag/kolate:environment': 'false' },
        StringNotEquals: { 'aws:ResourceTag/kolate:environment': 'prod' },
      },
    });
  });
});

describe('every key', () => {
  it('is rotated, kept, and granted by services of AWS alone', () => {
    for (const template of [security, account]) {
      template.allResources('AWS::KMS::Key', {
        DeletionPolicy: 'Retain',
        Properties: Match.objectLike({
          EnableKeyRotation: true,
          KeyPolicy: {
            Version: '2012-10-17',
            Statement: Match.arrayWith([Match.objectLike({ Effect: 'Deny', Action: 'kms:CreateGrant' })]),
          },
        }),
      });
    }
  });
});

describe('what an account has once', () => {
  it('is made by the environments that turn a part of it on', () => {
    expect(needsAccountStack(dev)).toBe(false);
    expect(needsAccountStack({ ...dev, security: { ...dev.security, imageRules: true } })).toBe(true);
    expect(needsAccountStack(prod)).toBe(true);
  });

  it('makes nothing but what is turned on', () => {
    const { account: images } = stacksOf({ ...dev, security: { ...dev.security, imageRules: true } });
    images.resourceCountIs('AWS::ECR::SigningConfiguration', 1);
    for (const type of ['AWS::CloudTrail::Trail', 'AWS::Config::ConfigurationRecorder', 'AWS::S3::Bucket']) {
      images.resourceCountIs(type, 0);
    }
  });

  it('records who did what in all regions, signed and encrypted', () => {
    account.hasResourceProperties('AWS::CloudTrail::Trail', {
      IsLogging: true,
      IsMultiRegionTrail: true,
      IncludeGlobalServiceEvents: true,
      EnableLogFileValidation: true,
      KMSKeyId: Match.anyValue(),
      CloudWatchLogsLogGroupArn: Match.anyValue(),
    });
    const [key] = Object.values(account.findResources('AWS::KMS::Key'));
    expect(JSON.stringify(key?.Properties.KeyPolicy)).toContain('cloudtrail.amazonaws.com');
  });

  it('rings for the root user, for the trail, for keys and for many refusals', () => {
    const names = Object.values(account.findResources('AWS::CloudWatch::Alarm')).map(
      ({ Properties }) => Properties.MetricName,
    );
    expect(names.sort()).toEqual(['Denied', 'KeyLoss', 'RootUser', 'TrailChange']);
    account.resourceCountIs('AWS::Logs::MetricFilter', 4);
  });

  it('records how every resource was configured, those of no region in one region', () => {
    const recorder = (global: boolean) => ({
      RecordingGroup: { AllSupported: true, IncludeGlobalResourceTypes: global },
    });
    account.hasResourceProperties('AWS::Config::ConfigurationRecorder', recorder(true));
    const standby = { ...prod, peer: { name: 'prod', region: 'us-west-2', role: 'primary' } } as const;
    stacksOf(standby).account.hasResourceProperties('AWS::Config::ConfigurationRecorder', recorder(false));
  });

  it('scans and signs every image of our assets, in the name of the role that pushes them', () => {
    account.hasResourceProperties('AWS::ECR::RegistryScanningConfiguration', {
      Rules: [{ ScanFrequency: 'CONTINUOUS_SCAN', RepositoryFilters: [{ Filter: 'cdk-*-container-assets-*' }] }],
    });
    const [profile] = Object.keys(account.findResources('AWS::Signer::SigningProfile'));
    account.hasResourceProperties('AWS::ECR::SigningConfiguration', {
      Rules: [{ SigningProfileArn: { 'Fn::GetAtt': [profile, 'Arn'] } }],
    });
    account.hasResourceProperties('AWS::IAM::ManagedPolicy', {
      Roles: [Match.objectLike({ 'Fn::Join': ['', Match.arrayWith(['cdk-hnb659fds-image-publishing-role-'])] })],
      PolicyDocument: { Statement: [Match.objectLike({ Action: 'signer:SignPayload' })] },
    });
  });
});

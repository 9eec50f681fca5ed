import { Match, Template } from 'aws-cdk-lib/assertions';
import { dev } from '../../../lib/config/dev';
import type { Environment } from '../../../lib/config/environment';
import { prod } from '../../../lib/config/prod';
import { prodStandby } from '../../../lib/config/prod-standby';
import { createApp } from '../../../lib/platform-app';
import { BackupStack } from '../../../lib/stacks/backup-stack';
import { CoreDataStack } from '../../../lib/stacks/core-data-stack';
import { NetworkStack } from '../../../lib/stacks/network-stack';
import { SecurityStack } from '../../../lib/stacks/security-stack';
import { StorageStack } from '../../../lib/stacks/storage-stack';

type Rule = {
  RuleName: string;
  EnableContinuousBackup?: boolean;
  Lifecycle: { DeleteAfterDays: number };
  CopyActions?: { DestinationBackupVaultArn: unknown; Lifecycle: { DeleteAfterDays: number } }[];
};
type Tag = { Key: string; Value: string };

const stacksOf = (environment: Environment) => {
  const app = createApp({ analyticsReporting: false, builtinCloudFormationValidation: false });
  const { alarmTopic } = new SecurityStack(app, { environment });
  const { vpc } = new NetworkStack(app, { environment, alarmTopic });
  const backup = new BackupStack(app, { environment, vpc, alarmTopic });
  const stores = [
    new CoreDataStack(app, { environment, vpc, alarmTopic }),
    new StorageStack(app, { environment, alarmTopic }),
  ];
  return { backup: Template.fromStack(backup), stores: stores.map((stack) => Template.fromStack(stack)) };
};
const [single, primary, standby] = [stacksOf(dev), stacksOf(prod), stacksOf(prodStandby)];
const rulesOf = (template: Template): Rule[] =>
  Object.values(template.findResources('AWS::Backup::BackupPlan')).flatMap(
    ({ Properties }) => Properties.BackupPlan.BackupPlanRule as Rule[],
  );
const selectedTags = (template: Template): string[] =>
  Object.values(template.findResources('AWS::Backup::BackupSelection')).flatMap(({ Properties }) =>
    Properties.BackupSelection.ListOfTags.map(
      ({ ConditionKey, ConditionValue }: Record<string, string>) => `${ConditionKey}=${ConditionValue}`,
    ),
  );

describe('backups', () => {
  it('are made of every store that is tagged for them, and of those of this environment alone', () => {
    const tagged = primary.stores.flatMap((template) =>
      Object.values(template.toJSON().Resources as Record<string, { Type: string; Properties?: { Tags?: Tag[] } }>)
        .filter(({ Properties }) => Array.isArray(Properties?.Tags))
        .flatMap(({ Type, Properties }) =>
          (Properties?.Tags ?? [])
            .filter(({ Key }) => Key === 'kolate:backup')
            .map(({ Key, Value }) => ({ type: Type, tag: `${Key}=${Value}` })),
        ),
    );
    expect(tagged).toEqual([
      { type: 'AWS::RDS::DBCluster', tag: 'kolate:backup=prod-daily' },
      { type: 'AWS::DocDB::DBCluster', tag: 'kolate:backup=prod-daily' },
      { type: 'AWS::S3::Bucket', tag: 'kolate:backup=prod-continuous' },
    ]);
    for (const { tag } of tagged) expect(selectedTags(primary.backup)).toContain(tag);
    for (const tag of selectedTags(single.backup)) expect(tag).toMatch(/=dev-/);
  });

  it('are kept for as long as the environment says, points in time for as long as AWS can', () => {
    expect(rulesOf(single.backup).map(({ Lifecycle }) => Lifecycle.DeleteAfterDays)).toEqual([7, 7, 7]);
    const yearly = stacksOf({ ...dev, backup: { ...dev.backup, days: 365 } }).backup;
    const [pointInTime] = rulesOf(yearly).filter(({ EnableContinuousBackup }) => EnableContinuousBackup);
    expect(pointInTime?.Lifecycle.DeleteAfterDays).toBe(35);
  });

  it('are copied by the primary into the vault that the standby has', () => {
    const copies = rulesOf(primary.backup).flatMap(({ CopyActions = [] }) => CopyActions);
    expect(copies).toHaveLength(2);
    for (const { DestinationBackupVaultArn, Lifecycle } of copies) {
      expect(JSON.stringify(DestinationBackupVaultArn)).toMatch(
        /:backup:us-west-2:.*:backup-vault:kolate-prod-standby"/,
      );
      expect(Lifecycle.DeleteAfterDays).toBe(35);
    }
    standby.backup.hasResourceProperties('AWS::Backup::BackupVault', { BackupVaultName: 'kolate-prod-standby' });
    for (const { backup } of [single, standby]) {
      expect(rulesOf(backup).flatMap(({ CopyActions = [] }) => CopyActions)).toEqual([]);
    }
  });

  it('are locked where the environment says so, with three days to think again', () => {
    primary.backup.hasResource('AWS::Backup::BackupVault', {
      DeletionPolicy: 'Retain',
      Properties: Match.objectLike({
        EncryptionKeyArn: Match.anyValue(),
        LockConfiguration: { MinRetentionDays: 7, ChangeableForDays: 3 },
      }),
    });
    single.backup.hasResourceProperties('AWS::Backup::BackupVault', { LockConfiguration: Match.absent() });
  });

  it('ring when one fails, and when none was made', () => {
    const alarms = Object.values(primary.backup.findResources('AWS::CloudWatch::Alarm')).map(
      ({ Properties }) => Properties,
    );
    expect(alarms.map(({ MetricName }) => MetricName).sort()).toEqual([
      'NumberOfBackupJobsCompleted',
      'NumberOfBackupJobsFailed',
      'NumberOfCopyJobsFailed',
      'NumberOfRestoreJobsFailed',
    ]);
    expect(alarms.find(({ MetricName }) => MetricName === 'NumberOfBackupJobsCompleted')).toMatchObject({
      TreatMissingData: 'breaching',
      ComparisonOperator: 'LessThanThreshold',
    });
  });
});

describe('restore tests', () => {
  it('restore each kind of store once a week, and delete it after an hour', () => {
    const selections = Object.values(primary.backup.findResources('AWS::Backup::RestoreTestingSelection')).map(
      ({ Properties }) => Properties,
    );
    expect(selections.map(({ ProtectedResourceType }) => ProtectedResourceType)).toEqual([
      'Aurora',
      'DocumentDB',
      'S3',
    ]);
    for (const { ValidationWindowHours, ProtectedResourceConditions } of selections) {
      expect(ValidationWindowHours).toBe(1);
      expect(selectedTags(primary.backup)).toContain(
        `kolate:backup=${ProtectedResourceConditions.StringEquals[0].Value}`,
      );
    }
    primary.backup.hasResourceProperties('AWS::Backup::RestoreTestingPlan', {
      RestoreTestingPlanName: 'kolate_prod_weekly',
      ScheduleExpression: 'cron(0 8 ? * SUN *)',
    });
  });

  it('restore into subnets without a way out, where nobody comes in', () => {
    primary.backup.hasResourceProperties('AWS::EC2::SecurityGroup', {
      SecurityGroupIngress: Match.absent(),
      SecurityGroupEgress: [Match.objectLike({ CidrIp: '255.255.255.255/32' })],
    });
    primary.backup.resourceCountIs('AWS::EC2::SecurityGroupIngress', 0);
    primary.backup.hasResourceProperties('AWS::Backup::RestoreTestingSelection', {
      ProtectedResourceType: 'Aurora',
      RestoreMetadataOverrides: Match.objectLike({ dbSubnetGroupName: Match.anyValue() }),
    });
  });

  it('are left out where the environment does not pay for them', () => {
    single.backup.resourceCountIs('AWS::Backup::RestoreTestingPlan', 0);
    single.backup.resourceCountIs('AWS::EC2::SecurityGroup', 0);
  });
});

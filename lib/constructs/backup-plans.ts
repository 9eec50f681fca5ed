import { Aws, Duration, Validations } from 'aws-cdk-lib';
import * as backup from 'aws-cdk-lib/aws-backup';
import { Schedule } from 'aws-cdk-lib/aws-events';
import { ManagedPolicy, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import type { Environment } from '../config/environment';
import { backupVaultName } from '../config/names-between-regions';
import { type BackupKind, backupTag, backupTagValue } from './back-up';

export type BackupPlansProps = {
  readonly vault: backup.IBackupVault;
  readonly environment: Pick<Environment, 'name' | 'peer' | 'backup'>;
};

/** AWS goes back by the second for so many days at most. */
const continuousDays = 35;
const managed = ['AWSBackupServiceRolePolicyForBackup', 'AWSBackupServiceRolePolicyForS3Backup'];

/** Backs up whatever has the tag of the environment, and copies it to the standby's vault where the environment says so. */
export class BackupPlans extends Construct {
  constructor(scope: Construct, id: string, { vault, environment }: BackupPlansProps) {
    super(scope, id);
    const { days, copyToPeer } = environment.backup;
    const copies = copyToPeer && environment.peer ? [this.copyTo(environment.peer, days)] : [];
    const role = backupRole(this, 'Role', managed);
    const plan = (kind: BackupKind, rules: backup.BackupPlanRule[]) =>
      new backup.BackupPlan(this, kind, { backupVault: vault, backupPlanRules: rules }).addSelection('Tagged', {
        role,
        // S3 and the databases have policies of their own; the one that the CDK adds is among ours.
        disableDefaultBackupPolicy: true,
        resources: [backup.BackupResource.fromTag(backupTag, backupTagValue(environment, kind))],
      });
    plan('daily', [daily(days, copies)]);
    plan('continuous', [daily(days, copies), pointInTime(Math.min(days, continuousDays))]);
  }

  private copyTo(peer: NonNullable<Environment['peer']>, days: number): backup.BackupPlanCopyActionProps {
    const name = backupVaultName(peer.name);
    const arn = `arn:${Aws.PARTITION}:backup:${peer.region}:${Aws.ACCOUNT_ID}:backup-vault:${name}`;
    return {
      destinationBackupVault: backup.BackupVault.fromBackupVaultArn(this, 'Copies', arn),
      deleteAfter: Duration.days(days),
    };
  }
}

/** When the fewest predict, in the regions that we name. */
const daily = (days: number, copyActions: backup.BackupPlanCopyActionProps[]): backup.BackupPlanRule =>
  new backup.BackupPlanRule({
    ruleName: 'daily',
    scheduleExpression: Schedule.cron({ hour: '5', minute: '0' }),
    startWindow: Duration.hours(1),
    completionWindow: Duration.hours(8),
    deleteAfter: Duration.days(days),
    copyActions,
  });

const pointInTime = (days: number): backup.BackupPlanRule =>
  new backup.BackupPlanRule({
    ruleName: 'point-in-time',
    enableContinuousBackup: true,
    deleteAfter: Duration.days(days),
  });

/** A role that AWS Backup acts by, with policies that AWS keeps up with its service. */
export function backupRole(scope: Construct, id: string, policies: readonly string[]): Role {
  const role = new Role(scope, id, {
    assumedBy: new ServicePrincipal('backup.amazonaws.com', {
      conditions: { StringEquals: { 'aws:SourceAccount': Aws.ACCOUNT_ID } },
    }),
    managedPolicies: policies.map((name) => ManagedPolicy.fromAwsManagedPolicyName(path(name))),
  });
  for (const name of policies) {
    Validations.of(role).acknowledge({
      id: `AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/${path(name)}]`,
      reason: 'What a backup or a restore of each store takes, AWS writes down there and changes with its service.',
    });
  }
  return role;
}

const path = (name: string): string => (/S3(Backup|Restore)$/.test(name) ? name : `service-role/${name}`);

import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import { BackupVault } from 'aws-cdk-lib/aws-backup';
import { ComparisonOperator, Metric, Stats, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import { Construct } from 'constructs';
import { KolateAlarm } from './kolate-alarm';

export type LockedVaultProps = {
  readonly key: IKey;
  readonly alarmTopic: ITopic;
  /** Nobody deletes a backup, or keeps one for less, for so many days. @default - no lock */
  readonly lockDays: number | undefined;
  /** @default - a generated name */
  readonly name?: string;
};

/** So long after a deployment the lock can be taken off; then by nobody, AWS included. The least that there is. */
const graceDays = 3;

/** Where backups are kept: encrypted with our key, locked, and heard of when a job fails or none ran. */
export class LockedVault extends Construct {
  readonly vault: BackupVault;

  constructor(scope: Construct, id: string, { key, alarmTopic, lockDays, name }: LockedVaultProps) {
    super(scope, id);
    this.vault = new BackupVault(this, 'Vault', {
      backupVaultName: name,
      encryptionKey: key,
      removalPolicy: RemovalPolicy.RETAIN,
      lockConfiguration:
        lockDays === undefined
          ? undefined
          : { minRetention: Duration.days(lockDays), changeableFor: Duration.days(graceDays) },
    });
    this.addAlarms(alarmTopic);
  }

  private addAlarms(topic: ITopic): void {
    const jobs = (metricName: string, period: Duration) =>
      new Metric({
        namespace: 'AWS/Backup',
        metricName,
        dimensionsMap: { BackupVaultName: this.vault.backupVaultName },
        statistic: Stats.SUM,
        period,
      });
    const ring = (id: string, metricName: string, description: string) =>
      new KolateAlarm(this, id, {
        topic,
        metric: jobs(metricName, Duration.minutes(5)),
        threshold: 1,
        description,
        runbook: 'backup-fails',
      });
    ring('BackupFailed', 'NumberOfBackupJobsFailed', 'A backup failed.');
    ring('CopyFailed', 'NumberOfCopyJobsFailed', 'A backup did not reach the standby region.');
    ring('RestoreFailed', 'NumberOfRestoreJobsFailed', 'A restore failed: the weekly test, or somebody’s.');
    new KolateAlarm(this, 'NoBackup', {
      topic,
      metric: jobs('NumberOfBackupJobsCompleted', Duration.days(1)),
      threshold: 1,
      comparison: ComparisonOperator.LESS_THAN_THRESHOLD,
      missing: TreatMissingData.BREACHING,
      description: 'No backup was made within a day.',
      runbook: 'backup-fails',
    });
  }
}

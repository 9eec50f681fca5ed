import type { IVpc } from 'aws-cdk-lib/aws-ec2';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import type { Construct } from 'constructs';
import { backupVaultName } from '../config/names-between-regions';
import { BackupPlans } from '../constructs/backup-plans';
import { KolateKey } from '../constructs/kolate-key';
import { LockedVault } from '../constructs/locked-vault';
import { RestoreTests } from '../constructs/restore-tests';
import { KolateStack, type KolateStackProps } from './kolate-stack';

export type BackupStackProps = KolateStackProps & { readonly vpc: IVpc; readonly alarmTopic: ITopic };

/** Backups of everything that is tagged for them (constructs/back-up.ts), where they are kept, and whether they restore. */
export class BackupStack extends KolateStack {
  constructor(scope: Construct, props: BackupStackProps) {
    super(scope, 'backup', { ...props, stateful: true });
    const { environment, vpc, alarmTopic } = props;
    const { backup, name, peer } = environment;
    const key = new KolateKey(this, 'Key', 'Backups');
    const { vault } = new LockedVault(this, 'Backups', {
      key,
      alarmTopic,
      lockDays: backup.lockDays,
      ...(peer?.role === 'primary' ? { name: backupVaultName(name) } : {}),
    });
    new BackupPlans(this, 'Plans', { vault, environment });
    if (backup.restoreTests) new RestoreTests(this, 'RestoreTests', { environmentName: name, vault, vpc });
  }
}

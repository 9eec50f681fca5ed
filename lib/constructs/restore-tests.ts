import { Fn } from 'aws-cdk-lib';
import { CfnRestoreTestingPlan, CfnRestoreTestingSelection, type IBackupVault } from 'aws-cdk-lib/aws-backup';
import { CfnDBSubnetGroup } from 'aws-cdk-lib/aws-docdb';
import { type IVpc, SecurityGroup } from 'aws-cdk-lib/aws-ec2';
import type { Role } from 'aws-cdk-lib/aws-iam';
import { SubnetGroup } from 'aws-cdk-lib/aws-rds';
import { Construct } from 'constructs';
import { backupTag, backupTagValue } from './back-up';
import { backupRole } from './backup-plans';

export type RestoreTestsProps = {
  readonly environmentName: string;
  readonly vault: IBackupVault;
  readonly vpc: IVpc;
};

type Selection = Pick<
  ConstructorParameters<typeof CfnRestoreTestingSelection>[2],
  'protectedResourceType' | 'restoreMetadataOverrides'
>;
const managed = ['AWSBackupServiceRolePolicyForRestores', 'AWSBackupServiceRolePolicyForS3Restore'];

/**
 * Restores the latest backup of every kind of store once a week, into subnets without a way out and behind a security group
 * that lets nobody in, and deletes it an hour later. A backup that was never restored is a hope.
 */
export class RestoreTests extends Construct {
  constructor(scope: Construct, id: string, { environmentName, vault, vpc }: RestoreTestsProps) {
    super(scope, id);
    const plan = new CfnRestoreTestingPlan(this, 'Plan', {
      // Letters, digits and underscores only; an account and region has each name once.
      restoreTestingPlanName: `kolate_${environmentName.replaceAll('-', '_')}_weekly`,
      scheduleExpression: 'cron(0 8 ? * SUN *)',
      startWindowHours: 4,
      recoveryPointSelection: {
        algorithm: 'LATEST_WITHIN_WINDOW',
        includeVaults: [vault.backupVaultArn],
        recoveryPointTypes: ['SNAPSHOT', 'CONTINUOUS'],
        selectionWindowDays: 7,
      },
    });
    const role = backupRole(this, 'Role', managed);
    for (const [kind, selection] of Object.entries(this.selections(vpc))) {
      this.select(plan, kind, role, environmentName, selection);
    }
  }

  private selections(vpc: IVpc): Readonly<Record<string, Selection>> {
    const vpcSubnets = { subnetGroupName: 'data' };
    const nobody = new SecurityGroup(this, 'Nobody', {
      vpc,
      allowAllOutbound: false,
      description: 'Restored stores: nobody comes in',
    });
    // Left out, they would be restored into the default network of the account, which may not be there.
    const vpcSecurityGroupIds = Fn.join('', ['["', nobody.securityGroupId, '"]']);
    const description = 'Data subnets, for restore tests';
    const postgres = new SubnetGroup(this, 'Postgres', { vpc, vpcSubnets, description });
    const documents = new CfnDBSubnetGroup(this, 'Documents', {
      dbSubnetGroupDescription: description,
      subnetIds: vpc.selectSubnets(vpcSubnets).subnetIds,
    });
    return {
      postgres: {
        protectedResourceType: 'Aurora',
        restoreMetadataOverrides: { dbSubnetGroupName: postgres.subnetGroupName, vpcSecurityGroupIds },
      },
      documents: {
        protectedResourceType: 'DocumentDB',
        restoreMetadataOverrides: { dbSubnetGroupName: documents.ref, vpcSecurityGroupIds },
      },
      files: { protectedResourceType: 'S3' },
    };
  }

  private select(plan: CfnRestoreTestingPlan, kind: string, role: Role, environmentName: string, selection: Selection) {
    const ours = backupTagValue({ name: environmentName }, kind === 'files' ? 'continuous' : 'daily');
    new CfnRestoreTestingSelection(this, `${kind}Selection`, {
      restoreTestingPlanName: plan.ref,
      restoreTestingSelectionName: kind,
      iamRoleArn: role.roleArn,
      protectedResourceArns: ['*'],
      protectedResourceConditions: { stringEquals: [{ key: `aws:ResourceTag/${backupTag}`, value: ours }] },
      validationWindowHours: 1,
      ...selection,
    });
  }
}

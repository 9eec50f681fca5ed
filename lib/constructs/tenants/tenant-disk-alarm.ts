import { type CfnCondition, Fn } from 'aws-cdk-lib';
import { CfnAlarm } from 'aws-cdk-lib/aws-cloudwatch';
import type { Construct } from 'constructs';
import { tenantUse } from '../../../src/contracts/cells';

export type TenantDiskAlarmProps = {
  readonly tenantId: string;
  /** What it may store, GiB; text, since it is a parameter. */
  readonly diskGib: string;
  /** Of the platform. */
  readonly topicArn: string;
  /** Whether the tenant is in a shared cell: only there is what it stores limited, and measured. */
  readonly condition: CfnCondition;
};

/** Rings before a tenant's engines are refused what they write. Hosts tell every ten minutes what each tenant stores. */
export function addTenantDiskAlarm(scope: Construct, props: TenantDiskAlarmProps): CfnAlarm {
  const { tenantId, diskGib, topicArn, condition } = props;
  const { namespace, disk: metricName, dimension } = tenantUse;
  const stored = { namespace, metricName, dimensions: [{ name: dimension, value: tenantId }] };
  const alarm = new CfnAlarm(scope, 'DiskNearlyFull', {
    alarmDescription: 'A tenant of a shared cell has stored 85 % of what it may. Runbook: docs/runbooks/tenant-disk.md',
    metrics: [
      { id: 'stored', metricStat: { metric: stored, period: 600, stat: 'Maximum' }, returnData: false },
      // MiB of GiB, in percent.
      { id: 'share', expression: Fn.join('', ['100 * stored / 1024 / ', diskGib]), returnData: true },
    ],
    evaluationPeriods: 1,
    threshold: 85,
    comparisonOperator: 'GreaterThanOrEqualToThreshold',
    treatMissingData: 'notBreaching',
    alarmActions: [topicArn],
    okActions: [topicArn],
  });
  alarm.cfnOptions.condition = condition;
  return alarm;
}

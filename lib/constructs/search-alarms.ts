import { Aws, Duration } from 'aws-cdk-lib';
import { ComparisonOperator, Metric } from 'aws-cdk-lib/aws-cloudwatch';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import type { Construct } from 'constructs';
import { KolateAlarm } from './kolate-alarm';

export type SearchAlarmsProps = { readonly topic: ITopic; readonly domainName: string; readonly diskGib: number };

/** OpenSearch puts no more shards on a node whose disk is fuller than 85 %. */
const freeShare = 0.25;
const mibOfGib = 1_024;

/** Those that AWS recommends, less what a failing service shows by itself. */
export function addSearchAlarms(scope: Construct, { topic, domainName, diskGib }: SearchAlarmsProps): void {
  const metric = (metricName: string, statistic: string, minutes: number): Metric =>
    new Metric({
      // As when the service had another name.
      ...{ namespace: 'AWS/ES', metricName, statistic, period: Duration.minutes(minutes) },
      dimensionsMap: { DomainName: domainName, ClientId: Aws.ACCOUNT_ID },
    });
  new KolateAlarm(scope, 'Red', {
    ...{ topic, metric: metric('ClusterStatus.red', 'Maximum', 1), threshold: 1 },
    description: 'Some of what is indexed in OpenSearch is on no node.',
    runbook: 'search-red',
  });
  new KolateAlarm(scope, 'WritesBlocked', {
    ...{ topic, metric: metric('ClusterIndexWritesBlocked', 'Maximum', 5), threshold: 1 },
    description: 'OpenSearch takes nothing new, for want of disk or memory.',
    runbook: 'search-disk-full',
  });
  new KolateAlarm(scope, 'DiskFull', {
    topic,
    // In MiB, of the node that has least.
    metric: metric('FreeStorageSpace', 'Minimum', 5),
    threshold: diskGib * mibOfGib * freeShare,
    comparison: ComparisonOperator.LESS_THAN_OR_EQUAL_TO_THRESHOLD,
    description: 'The disk of a node of OpenSearch is three quarters full.',
    runbook: 'search-disk-full',
  });
  new KolateAlarm(scope, 'MemoryFull', {
    ...{ topic, metric: metric('JVMMemoryPressure', 'Maximum', 5), threshold: 92, evaluationPeriods: 3 },
    description: 'A node of OpenSearch has had 92 % of its heap in use for 15 minutes; at 95 % it takes no writes.',
    runbook: 'search-memory',
  });
  new KolateAlarm(scope, 'Busy', {
    ...{ topic, metric: metric('CPUUtilization', 'Average', 5), threshold: 80, evaluationPeriods: 3 },
    description: 'OpenSearch has had 80 % of its processors in use for 15 minutes.',
    runbook: 'search-busy',
  });
  new KolateAlarm(scope, 'NoSnapshot', {
    ...{ topic, metric: metric('AutomatedSnapshotFailure', 'Maximum', 5), threshold: 1 },
    description: 'AWS could not take the hourly snapshot of OpenSearch.',
    runbook: 'search-no-snapshot',
  });
  new KolateAlarm(scope, 'KeyDisabled', {
    ...{ topic, metric: metric('KMSKeyError', 'Maximum', 5), threshold: 1 },
    description: 'The key of OpenSearch is disabled: it answers nobody until it is enabled.',
    runbook: 'search-key-lost',
  });
  new KolateAlarm(scope, 'KeyLost', {
    ...{ topic, metric: metric('KMSKeyInaccessible', 'Maximum', 5), threshold: 1 },
    description: 'The key of OpenSearch is deleted, or lets it in no more: what it holds is lost.',
    runbook: 'search-key-lost',
  });
}

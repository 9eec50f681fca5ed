import { Duration } from 'aws-cdk-lib';
import { ComparisonOperator, Metric, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import type { Construct } from 'constructs';
import { KolateAlarm } from '../kolate-alarm';
import type { CellHost } from './cell-host';
import { cellMetrics } from './host-scripts';

export type CellAlarmsProps = {
  readonly topic: ITopic;
  readonly host: CellHost;
  readonly cellId: string;
  readonly slot: string;
};

/** What the host measures of itself is missing while there is none: that is the alarm of a host that is replaced. */
export function addCellAlarms(scope: Construct, { topic, host, cellId, slot }: CellAlarmsProps): void {
  const where = `host ${slot} of the cell ${cellId}`;
  const measured = (metricName: string): Metric =>
    new Metric({
      ...{ namespace: cellMetrics.namespace, metricName, statistic: 'Maximum', period: Duration.minutes(5) },
      dimensionsMap: { CellId: cellId, Slot: slot },
    });
  new KolateAlarm(scope, 'Disk', {
    ...{ topic, metric: measured(cellMetrics.disk), threshold: 90, evaluationPeriods: 2 },
    description: `The volume of ${where} is 90 % full.`,
    runbook: 'cell-disk',
  });
  new KolateAlarm(scope, 'Memory', {
    ...{ topic, metric: measured(cellMetrics.memory), threshold: 92, evaluationPeriods: 3 },
    description: `The memory of ${where} has been 92 % used for fifteen minutes.`,
    runbook: 'cell-memory',
  });
  new KolateAlarm(scope, 'VolumeQueue', {
    topic,
    metric: new Metric({
      ...{ namespace: 'AWS/EBS', metricName: 'VolumeQueueLength', statistic: 'Average', period: Duration.minutes(5) },
      dimensionsMap: { VolumeId: host.volume.ref },
    }),
    threshold: 16,
    evaluationPeriods: 3,
    description: `Reads and writes have queued at the volume of ${where} for fifteen minutes.`,
    runbook: 'cell-volume-queue',
  });
  new KolateAlarm(scope, 'Replaced', {
    ...{ topic, metric: measured(cellMetrics.disk).with({ statistic: 'SampleCount' }), threshold: 1 },
    comparison: ComparisonOperator.LESS_THAN_THRESHOLD,
    evaluationPeriods: 2,
    missing: TreatMissingData.BREACHING,
    description: `Nothing has been heard of ${where} for ten minutes: it is being replaced, or cannot be.`,
    runbook: 'cell-host-replaced',
  });
}

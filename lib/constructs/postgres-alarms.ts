import { Duration } from 'aws-cdk-lib';
import type { DatabaseCluster } from 'aws-cdk-lib/aws-rds';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import type { Construct } from 'constructs';
import type { Environment } from '../config/environment';
import { KolateAlarm } from './kolate-alarm';

export type PostgresAlarmsProps = {
  readonly topic: ITopic;
  readonly cluster: DatabaseCluster;
  readonly postgres: Environment['coreData']['postgres'];
};

/** Connections that Aurora takes: by its largest size, and 2000 when it may shrink to half a unit or to nothing. */
function maxConnections({ minAcu, maxAcu }: Environment['coreData']['postgres']): number {
  const bySize = Math.min(5_000, Math.floor((maxAcu * 2 * 1024 ** 3) / 9_531_392));
  return minAcu <= 0.5 ? Math.min(2_000, bySize) : bySize;
}

export function addPostgresAlarms(scope: Construct, { topic, cluster, postgres }: PostgresAlarmsProps): void {
  const metric = (name: string, minutes: number) =>
    cluster.metric(name, { statistic: 'Maximum', period: Duration.minutes(minutes) });
  new KolateAlarm(scope, 'AtItsLargest', {
    topic,
    metric: metric('ACUUtilization', 5),
    threshold: 90,
    evaluationPeriods: 3,
    description: 'Core PostgreSQL has needed 90 % of its largest size for 15 minutes.',
    runbook: 'postgres-at-its-largest',
  });
  new KolateAlarm(scope, 'Connections', {
    topic,
    metric: metric('DatabaseConnections', 5),
    threshold: Math.floor(0.8 * maxConnections(postgres)),
    evaluationPeriods: 2,
    description: 'Core PostgreSQL has 80 % of the connections that it takes.',
    runbook: 'postgres-connections',
  });
  new KolateAlarm(scope, 'TransactionIds', {
    topic,
    metric: metric('MaximumUsedTransactionIDs', 60),
    threshold: 1_000_000_000,
    description:
      'Half of the transaction ids are used up: vacuum does not keep up, and at the end nothing can be written.',
    runbook: 'postgres-transaction-ids',
  });
  if (postgres.readers === 0) return;
  new KolateAlarm(scope, 'ReplicaLag', {
    topic,
    metric: metric('AuroraReplicaLagMaximum', 1),
    // Milliseconds.
    threshold: 1_000,
    evaluationPeriods: 10,
    description: 'A reader of core PostgreSQL has been a second behind for ten minutes.',
    runbook: 'postgres-replica-lag',
  });
}

import { Duration } from 'aws-cdk-lib';
import { ComparisonOperator, type IMetric, MathExpression, Metric } from 'aws-cdk-lib/aws-cloudwatch';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import type { Construct } from 'constructs';
import type { Environment } from '../config/environment';
import { KolateAlarm } from './kolate-alarm';

export type BrokerAlarmsProps = {
  readonly topic: ITopic;
  readonly clusterName: string;
  readonly messaging: Environment['messaging'];
};

/** IAM listeners take 3000 connections a broker, those of the smallest brokers 300. */
const maxConnections = ({ instanceType }: Environment['messaging']): number =>
  instanceType.startsWith('kafka.t3') ? 300 : 3_000;

/** What is wrong with brokers before clients notice: one alarm a broker where metrics are the broker's. */
export function addBrokerAlarms(scope: Construct, { topic, clusterName, messaging }: BrokerAlarmsProps): void {
  const cluster = { 'Cluster Name': clusterName };
  new KolateAlarm(scope, 'NoController', {
    topic,
    metric: metric('ActiveControllerCount', cluster, Duration.minutes(1)),
    threshold: 1,
    comparison: ComparisonOperator.LESS_THAN_THRESHOLD,
    evaluationPeriods: 5,
    description: 'Kafka has no active controller: leaders cannot move and topics cannot change.',
    runbook: 'kafka-no-controller',
  });
  if (messaging.brokers === 'standard') {
    new KolateAlarm(scope, 'OfflinePartitions', {
      topic,
      metric: metric('OfflinePartitionsCount', cluster, Duration.minutes(1)),
      threshold: 1,
      evaluationPeriods: 3,
      description: 'Partitions have no leader: what is written to them is refused.',
      runbook: 'kafka-offline-partitions',
    });
  }
  for (let broker = 1; broker <= messaging.brokerCount; broker++) addAlarmsOf(scope, broker, topic, cluster, messaging);
}

function addAlarmsOf(
  scope: Construct,
  broker: number,
  topic: ITopic,
  cluster: Record<string, string>,
  messaging: Environment['messaging'],
): void {
  const dimensions = { ...cluster, 'Broker ID': String(broker) };
  new KolateAlarm(scope, `Busy${broker}`, {
    topic,
    metric: cpu(dimensions),
    threshold: 60,
    evaluationPeriods: 3,
    description: `Broker ${broker} has had more than 60 % of its processors in use for 15 minutes.`,
    runbook: 'kafka-broker-busy',
  });
  new KolateAlarm(scope, `Connections${broker}`, {
    topic,
    metric: metric('ConnectionCount', dimensions, Duration.minutes(5)),
    threshold: 0.8 * maxConnections(messaging),
    evaluationPeriods: 2,
    description: `Broker ${broker} has 80 % of the connections that it takes.`,
    runbook: 'kafka-connections',
  });
  if (messaging.brokers === 'express') {
    new KolateAlarm(scope, `Throttled${broker}`, {
      topic,
      metric: metric('ProduceThrottleTime', dimensions, Duration.minutes(5)),
      threshold: 1,
      evaluationPeriods: 3,
      description: `Broker ${broker} makes producers wait, in milliseconds a request: more is written than it is made for.`,
      runbook: 'kafka-throttled',
    });
    return;
  }
  new KolateAlarm(scope, `DiskFull${broker}`, {
    topic,
    metric: metric('KafkaDataLogsDiskUsed', dimensions, Duration.minutes(5)),
    threshold: 75,
    evaluationPeriods: 2,
    description: `The disk of broker ${broker} is 75 % full; a full one stops it.`,
    runbook: 'kafka-disk-full',
  });
}

const metric = (metricName: string, dimensionsMap: Record<string, string>, period: Duration): IMetric =>
  new Metric({ namespace: 'AWS/Kafka', metricName, dimensionsMap, statistic: 'Maximum', period });

const cpu = (dimensions: Record<string, string>): IMetric =>
  new MathExpression({
    expression: 'user + system',
    label: 'Processors in use, percent',
    period: Duration.minutes(5),
    usingMetrics: {
      user: metric('CpuUser', dimensions, Duration.minutes(5)),
      system: metric('CpuSystem', dimensions, Duration.minutes(5)),
    },
  });

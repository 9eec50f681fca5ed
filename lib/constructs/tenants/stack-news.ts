import { Duration } from 'aws-cdk-lib';
import { Metric } from 'aws-cdk-lib/aws-cloudwatch';
import type { IVpc } from 'aws-cdk-lib/aws-ec2';
import { Rule } from 'aws-cdk-lib/aws-events';
import { SqsQueue } from 'aws-cdk-lib/aws-events-targets';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { SqsEventSource } from 'aws-cdk-lib/aws-lambda-event-sources';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { topics } from '../../../src/contracts/topics';
import type { Environment } from '../../config/environment';
import { acknowledge } from '../acknowledge';
import { KolateAlarm } from '../kolate-alarm';
import { KolateLambda } from '../kolate-lambda';
import type { MessageBus } from '../message-bus';
import { tenantStackPrefix } from './provisioning-role';

export type StackNewsProps = {
  readonly vpc: IVpc;
  readonly bus: MessageBus;
  /** A `KolateKey`. */
  readonly key: IKey;
  readonly logDays: Environment['logDays'];
  readonly alarmTopic: ITopic;
};

const timeout = Duration.seconds(30);
const tries = 5;

/** Brings what CloudFormation says of tenants' stacks to Kafka: a rule, a queue, a function, and what it could not bring. */
export class StackNews extends Construct {
  constructor(scope: Construct, id: string, { vpc, bus, key, logDays, alarmTopic }: StackNewsProps) {
    super(scope, id);
    const queued = { encryption: QueueEncryption.KMS, encryptionMasterKey: key, enforceSSL: true };
    const aside = new Queue(this, 'Aside', { ...queued, retentionPeriod: Duration.days(14) });
    const queue = new Queue(this, 'Queue', {
      ...queued,
      // As AWS asks for: six times what one call may take.
      visibilityTimeout: Duration.seconds(6 * timeout.toSeconds()),
      retentionPeriod: Duration.days(1),
      deadLetterQueue: { queue: aside, maxReceiveCount: tries },
    });
    new Rule(this, 'Rule', {
      description: 'Stacks of tenants that have come further',
      eventPattern: {
        source: ['aws.cloudformation'],
        detailType: ['CloudFormation Stack Status Change'],
        detail: { 'stack-id': [{ wildcard: `*:stack/${tenantStackPrefix}*` }] },
      },
      targets: [new SqsQueue(queue, { deadLetterQueue: aside })],
    });
    const lambda = new KolateLambda(this, 'Bring', {
      handler: 'stack-events',
      description: 'Brings news of tenants’ stacks to Kafka',
      environment: { KOLATE_LOG_LEVEL: 'info', KOLATE_KAFKA_CLUSTER_ARN: bus.clusterArn },
      ...{ vpc, key, logDays, alarmTopic, timeout },
      concurrency: {
        unlimitedBecause: 'Its queue hands out to two at a time; more would be more connections to Kafka.',
      },
    });
    lambda.function.addEventSource(
      new SqsEventSource(queue, { batchSize: 10, maxConcurrency: 2, reportBatchItemFailures: true }),
    );
    acknowledge(
      lambda,
      'Serverless-LambdaEventSourceMappingDestination',
      'What fails goes back to the queue, and from there aside.',
    );
    for (const id of ['Serverless-SQSRedrivePolicy', 'cdk-validator-cfnguard::sqs_dlq_check']) {
      acknowledge(aside, id, 'It is where dead letters go, and an alarm rings when there are any.');
    }
    bus.allowFrom(lambda);
    bus.grantProduce(lambda, topics.stackLifecycle);
    new KolateAlarm(this, 'Lost', {
      topic: alarmTopic,
      metric: new Metric({
        namespace: 'AWS/SQS',
        metricName: 'ApproximateNumberOfMessagesVisible',
        dimensionsMap: { QueueName: aside.queueName },
        statistic: 'Maximum',
        period: Duration.minutes(5),
      }),
      threshold: 1,
      description: 'News of tenants’ stacks could not be brought to Kafka; sagas go on by polling.',
      runbook: 'stack-news-lost',
    });
  }
}

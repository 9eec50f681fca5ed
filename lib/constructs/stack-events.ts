import { Duration } from 'aws-cdk-lib';
import type { IVpc } from 'aws-cdk-lib/aws-ec2';
import { Rule } from 'aws-cdk-lib/aws-events';
import { SqsQueue } from 'aws-cdk-lib/aws-events-targets';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { SqsEventSource } from 'aws-cdk-lib/aws-lambda-event-sources';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { topics } from '../../src/contracts/topics';
import type { Environment } from '../config/environment';
import { acknowledge } from './acknowledge';
import { KolateAlarm } from './kolate-alarm';
import { KolateLambda } from './kolate-lambda';
import type { MessageBus } from './message-bus';

export type StackEventsProps = {
  readonly vpc: IVpc;
  readonly bus: MessageBus;
  readonly key: IKey;
  readonly environment: Environment;
  readonly alarmTopic: ITopic;
  /** What the names of the stacks begin with. */
  readonly stackPrefix: string;
};

const timeout = Duration.seconds(30);

/** News of tenants' stacks, from CloudFormation over a queue to `stack.lifecycle.v1`; what cannot be brought is kept. */
export class StackEvents extends Construct {
  constructor(scope: Construct, id: string, props: StackEventsProps) {
    super(scope, id);
    const { vpc, bus, key, environment, alarmTopic, stackPrefix } = props;
    const queue = (name: string, more: object) =>
      new Queue(this, name, {
        encryption: QueueEncryption.KMS,
        encryptionMasterKey: key,
        enforceSSL: true,
        retentionPeriod: Duration.days(14),
        ...more,
      });
    const unbrought = queue('Unbrought', {});
    const isLast = 'It is the dead-letter queue.';
    acknowledge(unbrought, 'Serverless-SQSRedrivePolicy', isLast);
    acknowledge(unbrought, 'cdk-validator-cfnguard::sqs_dlq_check', isLast);
    const news = queue('News', {
      // Six times the function's timeout, as Lambda advises: no message comes again while it is being brought.
      visibilityTimeout: Duration.seconds(6 * timeout.toSeconds()),
      deadLetterQueue: { queue: unbrought, maxReceiveCount: 5 },
    });
    new Rule(this, 'Rule', {
      description: 'News of tenants’ stacks',
      eventPattern: {
        source: ['aws.cloudformation'],
        detailType: ['CloudFormation Stack Status Change'],
        detail: { 'stack-id': [{ wildcard: `arn:*:cloudformation:*:stack/${stackPrefix}*` }] },
      },
      targets: [new SqsQueue(news, { deadLetterQueue: unbrought })],
    });
    const lambda = new KolateLambda(this, 'Function', {
      handler: 'stack-events',
      description: 'Brings news of tenants’ stacks to Kafka',
      environment: { KOLATE_LOG_LEVEL: 'info', KOLATE_KAFKA_CLUSTER_ARN: bus.clusterArn },
      ...{ vpc, key, alarmTopic, timeout, logDays: environment.logDays },
      concurrency: { unlimitedBecause: 'The queue hands out to four at once; a limit would be taken from all others.' },
    });
    lambda.function.addEventSource(
      new SqsEventSource(news, { batchSize: 10, reportBatchItemFailures: true, maxConcurrency: 4 }),
    );
    acknowledge(
      lambda,
      'Serverless-LambdaEventSourceMappingDestination',
      'A queue’s own redrive policy puts aside what failed; destinations are for streams.',
    );
    bus.allowFrom(lambda);
    bus.grantProduce(lambda, topics.stackLifecycle);
    new KolateAlarm(this, 'UnbroughtAlarm', {
      topic: alarmTopic,
      metric: unbrought.metricApproximateNumberOfMessagesVisible({ period: Duration.minutes(5), statistic: 'Maximum' }),
      threshold: 1,
      description: 'News of stacks could not be brought to Kafka, time and again.',
      runbook: 'lambda-stack-events',
    });
  }
}

import type { Topic } from '../../contracts/topics';
import type { Tracer } from '../telemetry/tracer';
import { createProducer, type Producer } from './create-producer';
import { ensureTopics } from './ensure-topics';
import type { Consumer } from './group-consumer';
import { type ClientOptions, createClient, mapKafkaError, withDeadline } from './kafka-client';
import { createNamespace } from './namespace';
import type { Backoff } from './record';
import type { ConsumerContext } from './run-consumer';
import { type BatchConsumerOptions, type ConsumerOptions, runBatchConsumer, runConsumer } from './run-consumer';
import { type LatestOptions, type Subscription, subscribeLatest } from './subscribe-latest';

export type KafkaOptions = ClientOptions & {
  /** Stands before the names of topics and groups, where several platforms share a cluster. */
  readonly namespace?: string;
  /** Waits between tries, of messages and of connections: `jitteredBackoff` of the domain makes one. */
  readonly backoff: Backoff;
  /** Records the handling of messages; absent where nobody collects spans. */
  readonly tracer?: Tracer;
};

export type Kafka = {
  /** The one producer of this process; connected at its first use. */
  producer(): Producer;
  runConsumer<S>(options: ConsumerOptions<S>): Promise<Consumer>;
  runBatchConsumer(options: BatchConsumerOptions): Promise<Consumer>;
  subscribeLatest(options: LatestOptions): Promise<Subscription>;
  /** @returns the names created now */
  ensureTopics(topics: readonly Topic[]): Promise<string[]>;
  /** How many records each topic has, over all partitions, by its name. @throws KolateError KLT_DEPENDENCY_UNAVAILABLE */
  countRecords(topics: readonly string[]): Promise<Map<string, number>>;
  /** @throws KolateError KLT_DEPENDENCY_UNAVAILABLE */
  ping(): Promise<void>;
  /** Stops consumers and subscriptions, sends what waits, disconnects. */
  close(): Promise<void>;
};

const pingTimeoutMs = 2_000;
const countTimeoutMs = 5_000;

/** Kafka behind our own port: kafkajs is used in this folder alone. Nothing connects before it is used. */
export function createKafka(options: KafkaOptions): Kafka {
  const { clientId, log, backoff } = options;
  const client = createClient(options);
  const names = createNamespace(options.namespace);
  const producer = createProducer(client, names);
  const admin = client.admin({ retry: { retries: 0 } });
  const context: ConsumerContext = { client, names, producer, backoff, log, tracer: options.tracer };
  const running = new Set<{ stop(): Promise<void> }>();

  const keep = async <T extends { stop(): Promise<void> }>(starting: Promise<T>): Promise<T> => {
    const started = await starting;
    running.add(started);
    return started;
  };

  return {
    producer: () => producer,
    runConsumer: (consumer) => keep(runConsumer(context, consumer)),
    runBatchConsumer: (consumer) => keep(runBatchConsumer(context, consumer)),
    subscribeLatest: (latest) => keep(subscribeLatest({ client, names, clientId, backoff, log }, latest)),
    ensureTopics: (topics) => ensureTopics(client, names, topics),
    async countRecords(topics) {
      const count = async (topic: string): Promise<[string, number]> => {
        const partitions = await admin.fetchTopicOffsets(names.outer(topic));
        return [topic, partitions.reduce((sum, { high, low }) => sum + Number(high) - Number(low), 0)];
      };
      try {
        const counted = admin.connect().then(() => Promise.all(topics.map(count)));
        return new Map(await withDeadline(counted, countTimeoutMs, 'counting records'));
      } catch (error) {
        throw mapKafkaError(error);
      }
    },
    async ping() {
      try {
        await withDeadline(
          admin.connect().then(() => admin.describeCluster()),
          pingTimeoutMs,
          'a ping',
        );
      } catch (error) {
        throw mapKafkaError(error);
      }
    },
    async close() {
      await Promise.all([...running].map((each) => each.stop()));
      await producer.close();
      await admin.disconnect().catch(() => undefined);
    },
  };
}

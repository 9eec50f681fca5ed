import type { Kafka as KafkaJs } from 'kafkajs';
import type { Registry } from 'prom-client';
import type { EventContract } from '../../contracts/events/event';
import { retryTopic } from '../../contracts/topics';
import type { Logger } from '../logging/create-logger';
import type { Tracer } from '../telemetry/tracer';
import { type BatchMessage, type BatchTools, createBatchLoop } from './batch-loop';
import { consumerMetrics, unregisteredMetrics } from './consumer-metrics';
import type { ConsumerStore } from './consumer-store';
import type { Producer } from './create-producer';
import type { EventHandler } from './event-handler';
import { type Consumer, runGroupConsumer } from './group-consumer';
import { createMessageLoop } from './message-loop';
import type { Namespace } from './namespace';
import type { Backoff } from './record';

type CommonOptions = {
  readonly group: string;
  /** Tries of one message in all, the first included (5). */
  readonly attempts?: number;
  /** Partitions handled side by side (4). Each takes a connection of the store. */
  readonly concurrency?: number;
  /** How much of a partition is fetched at once (1 MiB). */
  readonly maxBytesPerPartition?: number;
  /** After how long a member that died is given up and its partitions go to others (6 s). */
  readonly sessionTimeoutMs?: number;
  readonly startTimeoutMs?: number;
  readonly drainTimeoutMs?: number;
  /** Registers `kolate_consumer_*`. */
  readonly metrics?: Registry;
};

export type ConsumerOptions<S> = CommonOptions & {
  /** `on(event, handle)` for each kind of message; other kinds of their topics are skipped. */
  readonly handlers: readonly EventHandler<S>[];
  readonly store: ConsumerStore<S>;
  /**
   * How many messages may share a transaction (1). More is quicker where messages are many and handlers act through
   * `sql` alone; when one fails they are handled again one by one.
   */
  readonly maxPerTransaction?: number;
};

export type BatchConsumerOptions = CommonOptions & {
  readonly events: readonly EventContract[];
  /**
   * Handles messages of one partition, in order, all or none: when it throws, the same come again, at first together and then
   * one by one. Duplicates, and how far the partition is, are its own business: see `position`.
   */
  handleBatch(messages: readonly BatchMessage[], tools: BatchTools): Promise<void>;
  /** Where the partition was left, when that is kept with the effects; else what Kafka has committed counts (at least once). */
  position?(topic: string, partition: number): Promise<number | undefined>;
  /** Records of one call at most (500). */
  readonly maxBatch?: number;
};

export type ConsumerContext = {
  readonly client: KafkaJs;
  readonly names: Namespace;
  readonly producer: Producer;
  readonly backoff: Backoff;
  readonly log: Logger;
  readonly tracer: Tracer | undefined;
};

const sessionOptions = (context: ConsumerContext, options: CommonOptions) => ({
  client: context.client,
  names: context.names,
  backoff: context.backoff,
  log: context.log,
  group: options.group,
  from: 'start' as const,
  metrics: options.metrics ? consumerMetrics(options.metrics) : unregisteredMetrics(),
  concurrency: options.concurrency ?? 4,
  maxBytesPerPartition: options.maxBytesPerPartition ?? 1_048_576,
  sessionTimeoutMs: options.sessionTimeoutMs ?? 6_000,
  startTimeoutMs: options.startTimeoutMs ?? 30_000,
  drainTimeoutMs: options.drainTimeoutMs ?? 8_000,
});

const topicNames = (events: readonly EventContract[]): string[] => [...new Set(events.map(({ topic }) => topic.name))];

/**
 * Consumes events with exactly one effect each, in order for each key: see `createMessageLoop` and `ConsumerStore`.
 * @throws KolateError KLT_DEPENDENCY_UNAVAILABLE when Kafka does not answer at the start
 */
export function runConsumer<S>(context: ConsumerContext, options: ConsumerOptions<S>): Promise<Consumer> {
  const { group, handlers, store, attempts = 5, maxPerTransaction = 1 } = options;
  const session = sessionOptions(context, options);
  const mainTopics = topicNames(handlers.map(({ event }) => event));
  const { log, backoff, tracer } = context;
  return runGroupConsumer({
    ...session,
    topics: mainTopics.flatMap((name) => [name, retryTopic(name)]),
    position: (topic, partition) => store.position(group, topic, partition),
    process: createMessageLoop({
      group,
      handlers,
      store,
      attempts,
      backoff,
      maxPerTransaction,
      metrics: session.metrics,
      log,
      tracer,
      now: Date.now,
    }),
  });
}

/** Consumes batches for a handler that keeps its own books: see `BatchConsumerOptions`. @throws as `runConsumer` */
export function runBatchConsumer(context: ConsumerContext, options: BatchConsumerOptions): Promise<Consumer> {
  const { group, events, handleBatch, position, attempts = 5, maxBatch = 500 } = options;
  const session = sessionOptions(context, options);
  const { log, backoff, producer, tracer } = context;
  return runGroupConsumer({
    ...session,
    topics: topicNames(events),
    position: async (topic, partition) => position?.(topic, partition),
    process: createBatchLoop({
      group,
      events,
      handleBatch,
      producer,
      attempts,
      backoff,
      maxBatch,
      metrics: session.metrics,
      log,
      tracer,
      now: Date.now,
    }),
  });
}

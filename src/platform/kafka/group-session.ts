import { randomUUID } from 'node:crypto';
import type { EachBatchPayload, Kafka as KafkaJs, Consumer as KafkaJsConsumer } from 'kafkajs';
import type { Logger } from '../logging/create-logger';
import { mapKafkaError, withDeadline } from './kafka-client';
import type { Namespace } from './namespace';
import type { Backoff, ReceivedRecord } from './record';

export type ReceivedBatch = {
  readonly topic: string;
  readonly partition: number;
  readonly records: readonly ReceivedRecord[];
  /** Offset that the next record of the partition will get. */
  readonly highWatermark: number;
  /** Offset behind the batch, control records included. */
  readonly end: number;
};

export type Position = { readonly topic: string; readonly partition: number; readonly offset: number };

export type SessionOptions = {
  readonly client: KafkaJs;
  readonly names: Namespace;
  readonly group: string;
  readonly topics: readonly string[];
  /** Where a partition is begun that the group has no offset for: at its start, or with what comes from now on. */
  readonly from: 'start' | 'now';
  readonly concurrency: number;
  readonly maxBytesPerPartition: number;
  readonly sessionTimeoutMs: number;
  readonly startTimeoutMs: number;
  readonly backoff: Backoff;
  readonly log: Logger;
  /** Has to come back within the session's timeout. @returns the offset to fetch next, when it is known already */
  onBatch(batch: ReceivedBatch, session: SessionControl): Promise<number | undefined>;
  /** Partitions have been assigned anew: whatever was known of positions is void. Called twice when begun with `now`. */
  onAssigned(): void;
};

export type SessionControl = {
  pause(topic: string, partition: number): void;
  /** Fetch the partition again, from `offset` where one is given. */
  resume(topic: string, partition: number, offset?: number): void;
};

export type GroupSession = SessionControl & {
  /** Tells Kafka how far the group is, for whoever watches lag and for a start without our own store. */
  commit(positions: readonly Position[]): Promise<void>;
  stop(): Promise<void>;
};

/**
 * A member of a consumer group that stays one: when kafkajs gives up, it is begun anew. Offsets are never committed by
 * themselves.
 * @returns once the first assignment is there
 * @throws KolateError KLT_DEPENDENCY_UNAVAILABLE when that takes longer than `startTimeoutMs`
 */
export async function startGroupSession(options: SessionOptions): Promise<GroupSession> {
  const { log, group, names } = options;
  let stopped = false;
  let consumer = createConsumer(options);
  let restart: NodeJS.Timeout | undefined;
  let failures = 0;

  // Between two sessions kafkajs has no group to act on, and says so by throwing; the next assignment starts afresh anyway.
  const ifRunning = (act: () => void): void => {
    try {
      act();
    } catch (error) {
      log.debug({ err: error, group }, 'no session to act on');
    }
  };
  const control: SessionControl = {
    pause: (topic, partition) =>
      ifRunning(() => consumer.pause([{ topic: names.outer(topic), partitions: [partition] }])),
    resume: (topic, partition, offset) =>
      ifRunning(() => {
        const outer = names.outer(topic);
        if (offset !== undefined) consumer.seek({ topic: outer, partition, offset: String(offset) });
        consumer.resume([{ topic: outer, partitions: [partition] }]);
      }),
  };

  const begin = async (onReady: () => void): Promise<void> => {
    const fail = (error: unknown): void => {
      if (stopped) return;
      failures += 1;
      log.warn({ err: error, group, failures }, 'the consumer has ended; beginning anew');
      clearTimeout(restart);
      restart = setTimeout(() => void again(onReady), options.backoff(failures));
    };
    try {
      const onJoined = (): void => {
        failures = 0;
      };
      watch(consumer, options, { onReady, onCrash: fail, onJoined });
      await consumer.connect();
      await consumer.subscribe({ topics: options.topics.map(names.outer), fromBeginning: options.from === 'start' });
      await consumer.run({
        autoCommit: false,
        eachBatchAutoResolve: false,
        partitionsConsumedConcurrently: options.concurrency,
        eachBatch: (payload) => takeBatch(payload, options, control),
      });
    } catch (error) {
      fail(error);
    }
  };
  const again = async (onReady: () => void): Promise<void> => {
    const old = consumer;
    consumer = createConsumer(options);
    await disconnect(old);
    if (!stopped) await begin(onReady);
  };
  const stop = async (): Promise<void> => {
    stopped = true;
    clearTimeout(restart);
    await disconnect(consumer);
  };

  try {
    const ready = new Promise<void>((resolve) => void begin(resolve));
    await withDeadline(ready, options.startTimeoutMs, `joining the group ${group}`);
  } catch (error) {
    await stop();
    throw mapKafkaError(error);
  }
  return {
    ...control,
    stop,
    commit: (positions) =>
      withDeadline(
        consumer.commitOffsets(
          positions.map(({ topic, partition, offset }) => ({
            topic: names.outer(topic),
            partition,
            offset: String(offset),
          })),
        ),
        commitTimeoutMs,
        'committing offsets',
      ),
  };
}

const commitTimeoutMs = 2_000;
const disconnectTimeoutMs = 3_000;

// A broker that is gone is not waited for: the group will notice by itself.
const disconnect = (consumer: KafkaJsConsumer): Promise<void> =>
  withDeadline(consumer.disconnect(), disconnectTimeoutMs, 'leaving the group').catch(() => undefined);

const createConsumer = (options: SessionOptions): KafkaJsConsumer =>
  options.client.consumer({
    // A new group for each session that begins with "now": it has no former member to be waited for.
    groupId: options.names.outer(options.from === 'now' ? `${options.group}.${randomUUID()}` : options.group),
    sessionTimeout: options.sessionTimeoutMs,
    heartbeatInterval: Math.floor(options.sessionTimeoutMs / 4),
    rebalanceTimeout: 30_000,
    maxBytesPerPartition: options.maxBytesPerPartition,
    // The broker answers as soon as there is a record; this bounds how late a resumed partition is noticed.
    maxWaitTimeInMs: 250,
    allowAutoTopicCreation: false,
    retry: { initialRetryTime: 50, maxRetryTime: 1_000, retries: 8, restartOnFailure: async () => false },
  });

type Listeners = { onReady(): void; onJoined(): void; onCrash(error: Error): void };

/**
 * A session that begins at the start is ready with its first assignment; one that begins with what comes from now on
 * only after its first fetch, since kafkajs asks where "now" is just before it.
 */
function watch(consumer: KafkaJsConsumer, options: SessionOptions, { onReady, onJoined, onCrash }: Listeners): void {
  let fetched = true;
  consumer.on(consumer.events.GROUP_JOIN, () => {
    onJoined();
    options.onAssigned();
    if (options.from === 'start') onReady();
    else fetched = false;
  });
  consumer.on(consumer.events.FETCH, () => {
    if (fetched) return;
    fetched = true;
    options.onAssigned();
    onReady();
  });
  consumer.on(consumer.events.CRASH, ({ payload }) => onCrash(payload.error));
}

async function takeBatch(payload: EachBatchPayload, options: SessionOptions, control: SessionControl): Promise<void> {
  const { batch, isRunning, isStale, resolveOffset } = payload;
  if (!isRunning() || isStale()) return;
  const { partition } = batch;
  const topic = options.names.inner(batch.topic);
  const end = Number(batch.lastOffset()) + 1;
  const records = batch.messages.map(({ key, value, offset, headers }) => ({
    topic,
    partition,
    offset: Number(offset),
    key,
    value,
    headers: firstValues(headers),
  }));
  const next = await options.onBatch(
    { topic, partition, records, highWatermark: Number(batch.highWatermark), end },
    control,
  );
  if (next !== undefined) resolveOffset(String(next - 1));
}

function firstValues(headers: EachBatchPayload['batch']['messages'][number]['headers']): Record<string, Buffer> {
  const result: Record<string, Buffer> = {};
  for (const [name, value] of Object.entries(headers ?? {})) {
    const first = Array.isArray(value) ? value[0] : value;
    if (first !== undefined) result[name] = typeof first === 'string' ? Buffer.from(first) : first;
  }
  return result;
}

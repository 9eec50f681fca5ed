import type { ConsumerMetrics } from './consumer-metrics';
import {
  type GroupSession,
  type ReceivedBatch,
  type SessionControl,
  type SessionOptions,
  startGroupSession,
} from './group-session';
import { createPartitionControl, type PartitionControl } from './partition-control';
import type { ReceivedRecord } from './record';

export type Consumer = {
  /** Ends after what is under way (bounded by `drainTimeoutMs`), tells Kafka the positions and leaves the group. */
  stop(): Promise<void>;
};

export type GroupConsumerOptions = Omit<SessionOptions, 'onBatch' | 'onAssigned'> & {
  readonly metrics: ConsumerMetrics;
  readonly drainTimeoutMs: number;
  /** Where the partition was left, by whoever keeps that together with the effects. */
  position(topic: string, partition: number): Promise<number | undefined>;
  /** Handles records in order. @returns the offset to go on from. Does not throw. */
  process(records: readonly ReceivedRecord[], control: PartitionControl): Promise<number>;
};

type Lane = { next: number | undefined; running: Promise<unknown> };

/** A batch that takes longer is finished in the background, with its partition paused, so that the others go on. */
const handOffMs = 250;
const commitIntervalMs = 1_000;

/**
 * Runs `process` over the partitions that the group gives to this process: one batch of a partition at a time, several
 * partitions side by side. A partition that is busy for long, or waits, is paused meanwhile.
 */
export async function runGroupConsumer(options: GroupConsumerOptions): Promise<Consumer> {
  const { group, metrics, log } = options;
  let assignment = new AbortController();
  let lanes = new Map<string, Lane>();
  const background = new Set<Promise<unknown>>();
  const uncommitted = new Map<string, { topic: string; partition: number; offset: number }>();

  const onAssigned = (): void => {
    assignment.abort();
    assignment = new AbortController();
    const before = lanes;
    // What still runs for the former assignment has to end before a partition is begun again.
    lanes = new Map([...before].map(([name, { running }]) => [name, { next: undefined, running }]));
    uncommitted.clear();
  };

  const onBatch = async (batch: ReceivedBatch, session: SessionControl): Promise<number | undefined> => {
    const { topic, partition } = batch;
    const { signal } = assignment;
    if (signal.aborted) {
      // Stopping: not to be fetched over and over meanwhile.
      session.pause(topic, partition);
      return undefined;
    }
    const name = `${topic}/${partition}`;
    const lane = lanes.get(name) ?? { next: undefined, running: Promise.resolve() };
    lanes.set(name, lane);
    const work = lane.running.then(() => processBatch(batch, lane, signal));
    lane.running = work;
    if (await settlesWithin(work, handOffMs)) return signal.aborted ? undefined : lane.next;
    session.pause(topic, partition);
    const rest = work.then(() => session.resume(topic, partition, signal.aborted ? undefined : lane.next));
    background.add(rest);
    void rest.finally(() => background.delete(rest));
    return undefined;
  };

  const processBatch = async (batch: ReceivedBatch, lane: Lane, signal: AbortSignal): Promise<void> => {
    const { topic, partition } = batch;
    const control = createPartitionControl(signal);
    try {
      lane.next ??= await startOf(batch, control);
      if (lane.next === undefined || signal.aborted) return;
      const from = lane.next;
      const records = batch.records.filter(({ offset }) => offset >= from);
      const reached = records.length === 0 ? from : await options.process(records, control);
      // Behind the last record there may be control records, which are not handed out.
      lane.next = reached > (records.at(-1)?.offset ?? -1) ? Math.max(reached, batch.end) : reached;
      if (signal.aborted) return;
      metrics.lag.set({ group, topic, partition }, Math.max(0, batch.highWatermark - lane.next));
      uncommitted.set(`${topic}/${partition}`, { topic, partition, offset: lane.next });
    } catch (error) {
      log.error(
        { err: error, group, topic, partition },
        'a batch failed in a way that nothing foresaw; it is taken again',
      );
      await control.wait(options.backoff(3));
    }
  };

  const startOf = async (batch: ReceivedBatch, control: PartitionControl): Promise<number | undefined> => {
    const { topic, partition } = batch;
    const first = batch.records[0]?.offset ?? batch.end;
    for (let failures = 1; control.isCurrent(); failures++) {
      try {
        const stored = await options.position(topic, partition);
        if (stored === undefined || stored <= batch.highWatermark) return Math.max(first, stored ?? 0);
        log.error(
          { group, topic, partition, stored, highWatermark: batch.highWatermark },
          'the topic is shorter than what was handled of it: it must have been made anew; beginning where Kafka says',
        );
        return first;
      } catch (error) {
        log.warn({ err: error, group, topic, partition }, 'the position could not be read; the partition waits');
        await control.wait(options.backoff(failures));
      }
    }
    return undefined;
  };

  const session = await startGroupSession({ ...options, onBatch, onAssigned });
  const timer = setInterval(() => void commit(session), commitIntervalMs);
  const commit = async (to: GroupSession): Promise<void> => {
    const positions = [...uncommitted.values()];
    uncommitted.clear();
    if (positions.length === 0) return;
    // Kafka's offsets only tell others how far we are; a commit that fails is made up for by the next.
    await to.commit(positions).catch((error: unknown) => log.debug({ err: error, group }, 'offsets not committed'));
  };

  return {
    async stop() {
      clearInterval(timer);
      assignment.abort();
      const drained = Promise.all([...lanes.values()].map(({ running }) => running).concat(...background));
      await settlesWithin(drained, options.drainTimeoutMs);
      await commit(session);
      await session.stop();
    },
  };
}

async function settlesWithin(work: Promise<unknown>, ms: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<false>((resolve) => {
    timer = setTimeout(() => resolve(false), ms);
  });
  try {
    return await Promise.race([work.then(() => true), late]);
  } finally {
    clearTimeout(timer);
  }
}

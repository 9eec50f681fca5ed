import { KolateError, toKolateError } from '../../contracts/errors';
import type { EventContract, Message } from '../../contracts/events/event';
import type { Logger } from '../logging/create-logger';
import type { Tracer } from '../telemetry/tracer';
import { type ConsumerMetrics, countHandled } from './consumer-metrics';
import type { Producer } from './create-producer';
import { decodeMessage, validateData } from './message-codec';
import type { PartitionControl } from './partition-control';
import { type Backoff, headerText, type ReceivedRecord } from './record';
import { asDead } from './retry-headers';
import { traceMessages } from './trace-messages';

/** A decoded and validated message with its place. */
export type BatchMessage = Message & {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly record: ReceivedRecord;
};

export type BatchTools = {
  /** Sends the message to the dead letters now; twice is possible after a crash, never not at all. */
  deadLetter(message: BatchMessage, error: unknown): Promise<void>;
  /** False once the partition was taken away or the process is stopping. */
  isCurrent(): boolean;
};

export type BatchLoopOptions = {
  readonly group: string;
  readonly events: readonly EventContract[];
  handleBatch(messages: readonly BatchMessage[], tools: BatchTools): Promise<void>;
  readonly producer: Pick<Producer, 'send'>;
  /** Tries of one message in all. They are made in place: the partition waits. */
  readonly attempts: number;
  readonly backoff: Backoff;
  readonly maxBatch: number;
  readonly metrics: ConsumerMetrics;
  readonly log: Logger;
  readonly tracer?: Tracer | undefined;
  readonly now: () => number;
};

/**
 * Hands the messages of one partition on in batches. What cannot be decoded goes to the dead letters before its batch is
 * handled, so that a handler which moves the position moves it past nothing unseen.
 * @returns the offset to go on from. Does not throw.
 */
export function createBatchLoop(options: BatchLoopOptions) {
  const { group, log, metrics, producer, maxBatch } = options;
  const byType = new Map(options.events.map((event) => [event.type, event]));

  const toolsFor = (control: PartitionControl): BatchTools => ({
    isCurrent: control.isCurrent,
    deadLetter: ({ record }, error) => sendToDead(record, 1, error),
  });

  return async (records: readonly ReceivedRecord[], control: PartitionControl): Promise<number> => {
    let next = records[0]?.offset ?? 0;
    for (let at = 0; at < records.length && control.isCurrent(); at += maxBatch) {
      const chunk = records.slice(at, at + maxBatch);
      const messages = await decodeAll(chunk, control);
      if (!messages || !(await deliver(messages, control))) return next;
      next = (chunk.at(-1)?.offset ?? next) + 1;
    }
    return next;
  };

  async function decodeAll(
    records: readonly ReceivedRecord[],
    control: PartitionControl,
  ): Promise<BatchMessage[] | undefined> {
    const messages: BatchMessage[] = [];
    for (const record of records) {
      const type = headerText(record, 'ce_type');
      const event = type === undefined ? undefined : byType.get(type);
      if (type !== undefined && !event) continue;
      try {
        const message = decodeMessage(record);
        if (event) validateData(event, message.data);
        const { topic, partition, offset } = record;
        messages.push({ ...message, topic, partition, offset, record });
      } catch (error) {
        if (!(await bury(record, 0, error, control))) return undefined;
      }
    }
    return messages;
  }

  async function deliver(messages: readonly BatchMessage[], control: PartitionControl): Promise<boolean> {
    const [first] = messages;
    if (!first) return true;
    for (let tried = 1, stalls = 1; control.isCurrent(); ) {
      try {
        await handle(messages, toolsFor(control));
        countHandled(metrics, { group, topic: first.topic }, messages, options.now());
        return true;
      } catch (error) {
        if (isUnavailable(error)) {
          await stall(error, stalls++, first, control);
          continue;
        }
        if (messages.length > 1) return oneByOne(messages, control);
        const retryable = !(error instanceof KolateError) || error.retryable;
        if (!retryable || tried >= options.attempts) return bury(first.record, tried, error, control);
        metrics.retried.inc({ group, topic: first.topic });
        log.warn(
          { err: error, group, topic: first.topic, offset: first.offset, tried },
          'message failed; trying again',
        );
        await control.wait(options.backoff(tried++));
      }
    }
    return false;
  }

  function handle(messages: readonly BatchMessage[], tools: BatchTools): Promise<void> {
    if (!options.tracer) return options.handleBatch(messages, tools);
    const told = messages.map((message) => ({ message, place: message }));
    return traceMessages(options.tracer, group, told, (traced) => options.handleBatch(traced, tools));
  }

  async function oneByOne(messages: readonly BatchMessage[], control: PartitionControl): Promise<boolean> {
    for (const message of messages) if (!(await deliver([message], control))) return false;
    return true;
  }

  /** @returns false when it was told to stop first */
  async function bury(
    record: ReceivedRecord,
    tried: number,
    failure: unknown,
    control: PartitionControl,
  ): Promise<boolean> {
    for (let stalls = 1; control.isCurrent(); stalls++) {
      try {
        await sendToDead(record, tried, failure);
        return true;
      } catch (error) {
        await stall(error, stalls, record, control);
      }
    }
    return false;
  }

  async function sendToDead(record: ReceivedRecord, attempt: number, failure: unknown): Promise<void> {
    const { topic, partition, offset } = record;
    const error = toKolateError(failure);
    await producer.send([asDead(record, { group, attempt, error, at: new Date(options.now()) })]);
    metrics.dead.inc({ group, topic });
    log.warn({ err: failure, group, topic, partition, offset, tried: attempt }, 'message sent to the dead letters');
  }

  async function stall(
    error: unknown,
    stalls: number,
    { topic, partition }: { topic: string; partition: number },
    control: PartitionControl,
  ): Promise<void> {
    metrics.stalls.inc({ group, topic });
    const waitMs = options.backoff(stalls);
    log.warn({ err: error, group, topic, partition, waitMs }, 'a dependency is away; the partition waits');
    await control.wait(waitMs);
  }
}

const isUnavailable = (error: unknown): boolean =>
  error instanceof KolateError && error.code === 'KLT_DEPENDENCY_UNAVAILABLE';

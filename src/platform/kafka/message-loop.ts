import { KolateError, toKolateError } from '../../contracts/errors';
import type { Message } from '../../contracts/events/event';
import type { Logger } from '../logging/create-logger';
import type { Tracer } from '../telemetry/tracer';
import { type ConsumerMetrics, countHandled } from './consumer-metrics';
import type { ConsumerStore, Entry, Outcome, Verdict } from './consumer-store';
import type { EventHandler } from './event-handler';
import { decodeMessage, validateData } from './message-codec';
import type { PartitionControl } from './partition-control';
import { type Backoff, headerText, type ReceivedRecord } from './record';
import { asDead, type RetryState, readRetryState } from './retry-headers';
import { traceMessages } from './trace-messages';

export type MessageLoopOptions<S> = {
  readonly group: string;
  readonly handlers: readonly EventHandler<S>[];
  readonly store: ConsumerStore<S>;
  /** Tries of one message in all, the first included. */
  readonly attempts: number;
  readonly backoff: Backoff;
  /** How many messages may share a transaction. When one of them fails they are handled one by one. */
  readonly maxPerTransaction: number;
  readonly metrics: ConsumerMetrics;
  readonly log: Logger;
  readonly tracer?: Tracer | undefined;
  readonly now: () => number;
};

type Item<S> = {
  readonly entry: Entry;
  readonly message: Message;
  readonly handler: EventHandler<S>;
  readonly attempt: number;
  readonly notBefore: number;
};

/** What a record turns out to be: not for this consumer, a message for one of its handlers, or nothing it can read. */
type Sorted<S> =
  | { readonly kind: 'skip' }
  | { readonly kind: 'item'; readonly item: Item<S> }
  | { readonly kind: 'poison'; readonly entry: Entry; readonly error: KolateError };

/**
 * Handles the records of one partition in order, each exactly once, and returns the offset to go on from: behind the
 * last record, or earlier when it was told to stop. It does not throw: what fails is retried, put aside or waited out.
 */
export function createMessageLoop<S>(options: MessageLoopOptions<S>) {
  const { group, store, log, metrics, now } = options;
  const byType = new Map(options.handlers.map((handler) => [handler.event.type, handler]));

  return async (records: readonly ReceivedRecord[], control: PartitionControl): Promise<number> => {
    let next = records[0]?.offset ?? 0;
    for (let at = 0; at < records.length && control.isCurrent(); ) {
      const chunk = takeChunk(records, at);
      if (!(await deal(chunk, control))) return next;
      at += chunk.length;
      next = (records[at - 1]?.offset ?? next) + 1;
    }
    return next;
  };

  /** From `at`: the records that may share a transaction. */
  function takeChunk(records: readonly ReceivedRecord[], at: number): Sorted<S>[] {
    const chunk: Sorted<S>[] = [];
    for (let index = at; index < records.length; index++) {
      const sorted = sort(records[index] as ReceivedRecord);
      const alone = sorted.kind === 'poison' || (sorted.kind === 'item' && needsItself(sorted.item));
      if (alone && chunk.length > 0) break;
      chunk.push(sorted);
      if (alone || chunk.length >= options.maxPerTransaction) break;
    }
    return chunk;
  }

  function sort(record: ReceivedRecord): Sorted<S> {
    const retry = readRetryState(record);
    if (retry.group !== undefined && retry.group !== group) return { kind: 'skip' };
    const type = headerText(record, 'ce_type');
    const handler = type === undefined ? undefined : byType.get(type);
    if (type !== undefined && !handler) return { kind: 'skip' };
    try {
      const message = decodeMessage(record);
      // A message without a type has been refused by the decoder.
      if (!handler) return { kind: 'skip' };
      validateData(handler.event, message.data);
      const { attempt, notBefore } = retry;
      return { kind: 'item', item: { entry: entryOf(record, retry), message, handler, attempt, notBefore } };
    } catch (error) {
      return { kind: 'poison', entry: entryOf(record, retry), error: toKolateError(error) };
    }
  }

  /** @returns false when it was told to stop before the chunk was dealt with */
  async function deal(chunk: readonly Sorted<S>[], control: PartitionControl): Promise<boolean> {
    const [first] = chunk;
    if (first?.kind === 'poison') return settle(first.entry, 0, first.error, control);
    const items = chunk.flatMap((sorted) => (sorted.kind === 'item' ? [sorted.item] : []));
    return items.length === 0 || deliver(items, control);
  }

  async function deliver(items: readonly Item<S>[], control: PartitionControl): Promise<boolean> {
    const [first] = items;
    if (!first) return true;
    const early = first.notBefore - now();
    if (early > 0) await control.wait(early);
    for (let stalls = 1; control.isCurrent(); stalls++) {
      try {
        count(items, await attemptTraced(items));
        return true;
      } catch (error) {
        if (isUnavailable(error)) await stall(error, stalls, first.entry.record.topic, control);
        else if (items.length === 1) return settle(first.entry, first.attempt + 1, error, control);
        else return oneByOne(items, control);
      }
    }
    return false;
  }

  async function oneByOne(items: readonly Item<S>[], control: PartitionControl): Promise<boolean> {
    for (const item of items) if (!(await deliver([item], control))) return false;
    return true;
  }

  /** With a span for each message that is recorded, which is what the handler's own messages follow from. */
  function attemptTraced(items: readonly Item<S>[]): Promise<Outcome[]> {
    if (!options.tracer) return attempt(items);
    const told = items.map(({ message, entry }) => ({ message, place: entry.record }));
    return traceMessages(options.tracer, group, told, (messages) =>
      attempt(items.map((item, index) => ({ ...item, message: messages[index] ?? item.message }))),
    );
  }

  async function attempt(items: readonly Item<S>[]): Promise<Outcome[]> {
    const prepared = await prepare(items);
    if (prepared === alreadySeen) return store.apply(group, entriesOf(items), async () => undefined);
    return store.apply(group, entriesOf(items), async (sql, fresh) => {
      for (const index of fresh) {
        const item = items[index] as Item<S>;
        await item.handler.handle(item.message, sql, prepared);
      }
    });
  }

  async function prepare(items: readonly Item<S>[]): Promise<unknown> {
    const [item] = items;
    if (!item?.handler.prepares) return undefined;
    if (await store.isSeen(group, item.message.id)) return alreadySeen;
    return item.handler.prepare(item.message);
  }

  /** Puts a message aside that failed at its try number `tried`; tried again until the store takes it. */
  async function settle(entry: Entry, tried: number, failure: unknown, control: PartitionControl): Promise<boolean> {
    const verdict = judge(entry, tried, failure);
    const { topic, partition, offset } = entry.record;
    for (let stalls = 1; control.isCurrent(); stalls++) {
      try {
        await store.setAside(group, entry, verdict);
        metrics[verdict.kind === 'dead' ? 'dead' : 'retried'].inc({ group, topic });
        log.warn({ err: failure, group, topic, partition, offset, tried, verdict: verdict.kind }, 'message put aside');
        return true;
      } catch (error) {
        await stall(error, stalls, topic, control);
      }
    }
    return false;
  }

  function judge(entry: Entry, tried: number, failure: unknown): Verdict {
    // An error that is not ours may well be a passing one (a deadlock, a broken connection): it is given its tries.
    const retryable = !(failure instanceof KolateError) || failure.retryable;
    if (retryable && tried < options.attempts) {
      return { kind: 'retry', attempt: tried, notBefore: now() + options.backoff(tried) };
    }
    const error = failure instanceof KolateError ? failure : new KolateError('KLT_INTERNAL', String(failure));
    return { kind: 'dead', letter: asDead(entry.record, { group, attempt: tried, error, at: new Date(now()) }) };
  }

  async function stall(error: unknown, stalls: number, topic: string, control: PartitionControl): Promise<void> {
    metrics.stalls.inc({ group, topic });
    const waitMs = options.backoff(stalls);
    log.warn({ err: error, group, topic, waitMs }, 'a dependency is away; the partition waits');
    await control.wait(waitMs);
  }

  function count(items: readonly Item<S>[], outcomes: readonly Outcome[]): void {
    for (const [index, outcome] of outcomes.entries()) {
      const { entry, message } = items[index] as Item<S>;
      const labels = { group, topic: entry.record.topic };
      if (outcome === 'fresh') countHandled(metrics, labels, [message], now());
      else metrics[outcome === 'seen' ? 'duplicates' : 'retried'].inc(labels);
    }
  }
}

const alreadySeen = Symbol('seen');

const entriesOf = <S>(items: readonly Item<S>[]): Entry[] => items.map(({ entry }) => entry);

function entryOf(record: ReceivedRecord, { group, origin }: RetryState): Entry {
  const messageId = headerText(record, 'ce_id') || `${record.topic}/${record.partition}/${record.offset}`;
  // Without a key there is no order to keep: such a message queues with itself.
  const key = record.key?.toString('utf8') || messageId;
  return { messageId, key, mainTopic: origin.topic, turn: origin.offset, retried: group !== undefined, record };
}

/** Messages with work outside of the transaction, and those that come from the retry topic, are handled alone. */
const needsItself = <S>({ handler, entry }: Item<S>): boolean => handler.prepares || entry.retried;

const isUnavailable = (error: unknown): boolean =>
  error instanceof KolateError && error.code === 'KLT_DEPENDENCY_UNAVAILABLE';

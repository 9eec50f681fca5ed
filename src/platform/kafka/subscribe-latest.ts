import type { Kafka as KafkaJs } from 'kafkajs';
import type { EventContract, Message } from '../../contracts/events/event';
import type { Logger } from '../logging/create-logger';
import { startGroupSession } from './group-session';
import { decodeMessage, validateData } from './message-codec';
import type { Namespace } from './namespace';
import { type Backoff, headerText, type ReceivedRecord } from './record';

export type LatestOptions = {
  /** Of one or several topics; other kinds of messages there are ignored. */
  readonly events: readonly EventContract[];
  /** Called in order for each key. What it throws is logged; the message does not come again. */
  readonly onMessage: (message: Message) => unknown;
  /** Messages may have been missed: whatever was kept on the strength of having seen them all has to go. */
  readonly onGap: () => unknown;
  readonly startTimeoutMs?: number;
};

export type Subscription = { stop(): Promise<void> };

type Context = { client: KafkaJs; names: Namespace; clientId: string; backoff: Backoff; log: Logger };

/**
 * What happens from now on, seen by each process by itself: for caches that have to drop what has changed. Nothing is
 * stored, retried or put aside. `onGap` is called after the first connection as well, and whenever it was made anew.
 * @returns once everything published from then on will be seen
 * @throws KolateError KLT_DEPENDENCY_UNAVAILABLE when Kafka does not answer at the start
 */
export function subscribeLatest(context: Context, options: LatestOptions): Promise<Subscription> {
  const { client, names, clientId, backoff, log } = context;
  const { onMessage, onGap, startTimeoutMs = 30_000 } = options;
  const byType = new Map(options.events.map((event) => [event.type, event]));

  const take = async (record: ReceivedRecord): Promise<void> => {
    const event = byType.get(headerText(record, 'ce_type') ?? '');
    if (!event) return;
    try {
      const message = decodeMessage(record);
      validateData(event, message.data);
      await onMessage(message);
    } catch (error) {
      // Whoever listens cannot know what this message would have changed.
      log.warn({ err: error, topic: record.topic, offset: record.offset }, 'a message could not be taken in');
      await onGap();
    }
  };

  return startGroupSession({
    client,
    names,
    backoff,
    log,
    group: `latest.${clientId}`,
    topics: [...new Set(options.events.map(({ topic }) => topic.name))],
    from: 'now',
    concurrency: 1,
    maxBytesPerPartition: 1_048_576,
    sessionTimeoutMs: 10_000,
    startTimeoutMs,
    onAssigned: () => void onGap(),
    async onBatch({ records, end }) {
      for (const record of records) await take(record);
      return end;
    },
  });
}

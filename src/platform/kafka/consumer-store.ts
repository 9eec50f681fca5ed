import type { OutgoingRecord, ReceivedRecord } from './record';

/** A message on its way to its handler, with the record that it came in. */
export type Entry = {
  readonly messageId: string;
  /** Messages of one key keep their order. */
  readonly key: string;
  /** The topic that it was first published to, and its offset there: its turn among the waiting ones of its key. */
  readonly mainTopic: string;
  readonly turn: number;
  /** Whether it comes from the retry topic. */
  readonly retried: boolean;
  readonly record: ReceivedRecord;
};

/**
 * `fresh`: handled now. `seen`: had been handled before. `queued`: an earlier message of its key waits for its retry, so
 * that this one was put behind it.
 */
export type Outcome = 'fresh' | 'seen' | 'queued';

/** What becomes of a message that could not be handled. */
export type Verdict =
  | { readonly kind: 'retry'; readonly attempt: number; readonly notBefore: number }
  | { readonly kind: 'dead'; readonly letter: OutgoingRecord };

/**
 * Where the effects of a consumer group go, together with what it has seen and how far it is. Everything that one call
 * does is done in one transaction or not at all.
 */
export type ConsumerStore<S> = {
  /** The offset to go on from, if this group has ever been in the partition. */
  position(group: string, topic: string, partition: number): Promise<number | undefined>;
  /** Whether the message has been handled: asked before work outside of the transaction, which `apply` would not undo. */
  isSeen(group: string, messageId: string): Promise<boolean>;
  /**
   * Runs `effect` for the fresh ones of `entries` (of one partition, in its order) and moves the position behind the last.
   * @returns one outcome for each entry
   * @throws what `effect` throws, and nothing is changed then
   */
  apply(
    group: string,
    entries: readonly Entry[],
    effect: (sql: S, fresh: readonly number[]) => Promise<void>,
  ): Promise<Outcome[]>;
  /** Sends the message to the retry topic, or to the dead letters, and moves the position behind it. */
  setAside(group: string, entry: Entry, verdict: Verdict): Promise<void>;
  /** @throws KolateError KLT_DEPENDENCY_UNAVAILABLE */
  ping(): Promise<void>;
};

import type { DataOf, EventContract, Message } from '../../contracts/events/event';

/** What a consumer does with one kind of event; `on` makes it. */
export type EventHandler<S> = {
  readonly event: EventContract;
  /** Whether `prepare` does something: such a message is handled alone. */
  readonly prepares: boolean;
  prepare(message: Message): Promise<unknown>;
  handle(message: Message, sql: S, prepared: unknown): Promise<void>;
};

type TwoPhases<E extends EventContract, S, P> = {
  /**
   * Work outside of the transaction: whatever takes long or has effects elsewhere. It has to be idempotent: after a crash
   * or a failure it runs again.
   */
  readonly prepare: (message: Message<DataOf<E>>) => Promise<P>;
  readonly handle: (message: Message<DataOf<E>>, sql: S, prepared: P) => Promise<void>;
};

/**
 * Binds an event to its handler. The handler acts through `sql` alone: its effect, the mark that the message has been
 * handled and the position in the partition are committed together.
 */
export function on<E extends EventContract, S, P = undefined>(
  event: E,
  act: TwoPhases<E, S, P>['handle'] | TwoPhases<E, S, P>,
): EventHandler<S> {
  const { prepare, handle } = typeof act === 'function' ? { prepare: undefined, handle: act } : act;
  // The runtime has validated the data against `event.data` before it calls either.
  return {
    event,
    prepares: prepare !== undefined,
    prepare: async (message) => prepare?.(message as Message<DataOf<E>>),
    handle: (message, sql, prepared) => handle(message as Message<DataOf<E>>, sql, prepared as P),
  };
}

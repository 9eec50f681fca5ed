import type { SagaState } from '../../../domain/sagas/saga-state';
import type { Backoff } from '../../../platform/kafka/record';
import type { Logger } from '../../../platform/logging/create-logger';
import type { SagaEngine } from './saga-engine';
import type { SagaStore } from './saga-store';

export type SagaTimersOptions = {
  readonly store: SagaStore;
  readonly engine: SagaEngine;
  readonly backoff: Backoff;
  readonly log: Logger;
};

export type SagaTimers = {
  /** Says that these sagas want to be woken at their times. */
  expect(states: readonly SagaState[]): void;
  close(): Promise<void>;
};

/** The table is looked at that often though nothing is expected: for sagas of a process that has died. */
const pollMs = 1_000;
const maxDue = 256;
const lookAgainMs = 5;

/** Wakes sagas at their timeouts and for their next tries. The times are in PostgreSQL, so that a restart misses none. */
export function createSagaTimers({ store, engine, backoff, log }: SagaTimersOptions): SagaTimers {
  let timer: NodeJS.Timeout | undefined;
  let nextAt = Number.POSITIVE_INFINITY;
  let looking: Promise<void> | undefined;
  let failures = 0;
  let closed = false;

  const schedule = (at: number): void => {
    if (closed || at >= nextAt) return;
    nextAt = at;
    clearTimeout(timer);
    timer = setTimeout(fire, Math.max(1, at - Date.now()));
  };
  const fire = (): void => {
    nextAt = Number.POSITIVE_INFINITY;
    // What is looked at now may not show yet what this timer was set for.
    if (looking) {
      schedule(Date.now() + lookAgainMs);
      return;
    }
    looking = look().finally(() => {
      looking = undefined;
    });
  };
  const look = async (): Promise<void> => {
    try {
      const { ids, nextInMs } = await store.due(Date.now(), maxDue);
      await engine.submit(
        ids.map((sagaId) => ({ kind: 'input', sagaId, messageId: undefined, input: { kind: 'woken' } })),
      );
      failures = 0;
      const waitMs = ids.length === maxDue ? 0 : Math.min(pollMs, nextInMs ?? pollMs);
      schedule(Date.now() + waitMs);
    } catch (error) {
      failures += 1;
      log.warn({ err: error, failures }, 'due sagas could not be woken; trying again');
      schedule(Date.now() + backoff(failures));
    }
  };
  schedule(Date.now());
  return {
    expect(states) {
      for (const { wakeAt } of states) if (wakeAt !== null) schedule(wakeAt);
    },
    async close() {
      closed = true;
      clearTimeout(timer);
      await looking;
    },
  };
}

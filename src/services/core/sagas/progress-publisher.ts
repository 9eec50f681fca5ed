import { sagas } from '../../../domain/sagas/all-sagas';
import type { SagaDefinition } from '../../../domain/sagas/saga';
import type { SagaState } from '../../../domain/sagas/saga-state';
import type { Backoff } from '../../../platform/kafka/record';
import type { Logger } from '../../../platform/logging/create-logger';
import type { RecordSink } from '../../../platform/outbox/drain-outbox';
import { progressedRecord } from './saga-requests';
import type { SagaStore } from './saga-store';

export type ProgressPublisherOptions = {
  readonly store: Pick<SagaStore, 'active' | 'unpublishedEnds' | 'retire'>;
  readonly producer: RecordSink;
  readonly log: Logger;
  /** Wait after a failure; the attempts are the failures in a row. */
  readonly backoff: Backoff;
  readonly definitions?: ReadonlyMap<string, SagaDefinition>;
};

export type ProgressPublisher = {
  /** States that have just been committed. */
  changed(states: readonly SagaState[]): void;
  close(): Promise<void>;
};

const batchSize = 500;
/** Beyond it the oldest are let go: the table has them, and the next look at it finds them. */
const maxWaiting = 10_000;
const lookMs = 10_000;
const firstId = '00000000-0000-0000-0000-000000000000';

/**
 * Publishes where each saga stands after it has moved, the latest state alone when it moves faster than Kafka takes it.
 * The saga's row is what makes that certain, instead of a copy in the outbox: a row is active until its end has been
 * published, and a process that starts publishes every active saga once. What is published twice has the same revision.
 */
export function createProgressPublisher(options: ProgressPublisherOptions): ProgressPublisher {
  const { store, producer, log, backoff, definitions = sagas } = options;
  const waiting = new Map<string, SagaState>();
  let wake: (() => void) | undefined;
  let closed = false;
  let lookAt = 0;
  let after: string | undefined = firstId;

  const add = (states: readonly SagaState[]): void => {
    for (const state of states) {
      const known = waiting.get(state.id);
      if (known && known.revision >= state.revision) continue;
      if (!known && waiting.size >= maxWaiting) {
        waiting.delete(waiting.keys().next().value as string);
        after = firstId;
      }
      waiting.set(state.id, state);
    }
  };

  const publish = async (): Promise<void> => {
    const states = [...waiting.values()].slice(0, batchSize);
    const known = states.flatMap((state) => {
      const definition = definitions.get(state.saga);
      return definition ? [progressedRecord(definition, state)] : [];
    });
    await producer.send(known);
    for (const state of states) if (waiting.get(state.id) === state) waiting.delete(state.id);
    const ended = states.filter(({ phase }) => phase === 'over');
    if (ended.length > 0) await store.retire(ended);
  };

  /** What processes now dead may have left unpublished: every active saga at the start, later the ends that nobody noted. */
  const look = async (): Promise<void> => {
    if (after !== undefined) {
      const page = await store.active(after, batchSize);
      add(page);
      after = page.length < batchSize ? undefined : page.at(-1)?.id;
      return;
    }
    if (Date.now() < lookAt) return;
    lookAt = Date.now() + lookMs;
    add(await store.unpublishedEnds(Date.now() - lookMs, batchSize));
  };

  const rest = (ms: number): Promise<void> =>
    new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });

  const run = async (): Promise<void> => {
    for (let failures = 0; !closed; ) {
      try {
        await look();
        if (waiting.size > 0) await publish();
        failures = 0;
        if (waiting.size === 0 && after === undefined && !closed) await rest(lookMs);
      } catch (error) {
        failures += 1;
        log.warn({ err: error, failures, waiting: waiting.size }, 'progress could not be published; trying again');
        if (!closed) await rest(backoff(failures));
      }
      wake = undefined;
    }
    if (waiting.size > 0)
      await publish().catch((error: unknown) => log.warn({ err: error }, 'progress is left to the next process'));
  };

  const done = run();
  return {
    changed(states) {
      add(states);
      wake?.();
    },
    async close() {
      closed = true;
      wake?.();
      await done;
    },
  };
}

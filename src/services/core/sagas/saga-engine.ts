import { KolateError } from '../../../contracts/errors';
import type { SagaState } from '../../../domain/sagas/saga-state';
import type { Logger } from '../../../platform/logging/create-logger';
import { createJobQueue, type Job } from './job-queue';
import { type PlanOptions, planBatch } from './plan-batch';
import type { SagaRequest } from './saga-requests';
import { isConflict, type Position, type SagaStore } from './saga-store';
import { createStateCache } from './state-cache';

export type SagaEngineOptions = PlanOptions & {
  readonly store: SagaStore;
  readonly log: Logger;
  /** Called after each commit with the states that were written. */
  readonly onCommitted?: (states: readonly SagaState[]) => void;
  /** How long a first request waits for company (1 ms). */
  readonly gatherMs?: number;
};

const maxBatchRequests = 128;
/** One batch is planned while another is written. */
const maxBatches = 2;
/** A second batch is worth its round trip from so many requests on. */
const minSecondBatch = 32;
const maxQueuedRequests = 50_000;
const maxConflicts = 10;

export type SagaEngine = {
  /**
   * Resolves when what the requests ask for is durable: states, inbox, outbox and `position` in one transaction. Requests of
   * one saga take effect in the order in which they come; one that changes nothing (a late or doubled reply) is dropped.
   * Whoever hands in positions waits for one submission of a partition before the next: they may be written side by side.
   * @throws KolateError KLT_DEPENDENCY_UNAVAILABLE when the database is away, KLT_OVERLOADED when too much waits
   */
  submit(requests: readonly SagaRequest[], position?: Position): Promise<void>;
  /** Resolves when everything submitted has been written. */
  close(): Promise<void>;
};

/** Moves sagas: gathers what comes within a millisecond, or while the last batch is written, and writes it by one statement. */
export function createSagaEngine(options: SagaEngineOptions): SagaEngine {
  const { store, log, gatherMs = 1, onCommitted } = options;
  const queue = createJobQueue(maxBatchRequests);
  const cache = createStateCache();
  const batches = new Set<Promise<void>>();
  let gathering: Promise<void> | undefined;

  /** Starts what can be started: one batch at least, a second one when enough has come meanwhile. */
  const pump = (): void => {
    while (queue.size() > 0 && (batches.size === 0 || (batches.size < maxBatches && queue.size() >= minSecondBatch))) {
      const jobs = queue.take();
      // All that waits concerns sagas of a batch under way.
      if (jobs.length === 0) return;
      const batch = runJobs(jobs).then((settle) => {
        batches.delete(batch);
        // Before the callers hear of it, who may well come with the next step of the same sagas.
        queue.release(jobs);
        for (const each of settle) each();
        pump();
      });
      batches.add(batch);
    }
  };
  const gather = async (): Promise<void> => {
    if (gatherMs > 0) await new Promise((resolve) => setTimeout(resolve, gatherMs));
    gathering = undefined;
    pump();
  };

  /** @returns how to tell the callers */
  const runJobs = async (jobs: readonly Job[]): Promise<(() => void)[]> => {
    try {
      await runBatch(jobs);
      return jobs.map(({ resolve }) => resolve);
    } catch (error) {
      // What the database holds now is not known.
      cache.clear();
      const unavailable = error instanceof KolateError && error.code === 'KLT_DEPENDENCY_UNAVAILABLE';
      if (jobs.length === 1 || unavailable)
        return jobs.map(
          ({ reject }) =>
            () =>
              reject(error),
        );
      // One job that cannot be written must not take those with it that happened to come in the same millisecond.
      const settle: (() => void)[] = [];
      for (const job of jobs) settle.push(...(await runJobs([job])));
      return settle;
    }
  };

  const runBatch = async (jobs: readonly Job[]): Promise<void> => {
    let requests = jobs.flatMap((job) => job.requests);
    const positions = jobs.flatMap(({ position }) => (position ? [position] : []));
    for (let conflicts = 0; ; ) {
      const plan = planBatch(requests, await statesOf(requests), options);
      // What seems to change nothing may be news that another process has made possible: the cache is not asked twice.
      const doubtful = plan.idle.filter((id) => cache.get(id) !== undefined);
      if (doubtful.length > 0) {
        for (const id of doubtful) cache.delete(id);
        continue;
      }
      try {
        if (plan.sagas.length > 0 || positions.length > 0) await store.write({ ...plan, positions });
        for (const { state } of plan.sagas) cache.set(state);
        onCommitted?.(plan.sagas.map(({ state }) => state));
        return;
      } catch (error) {
        if (!isConflict(error) || conflicts++ >= maxConflicts) throw error;
        log.debug({ err: error }, 'a batch of steps has to be planned anew');
        for (const { sagaId } of requests) cache.delete(sagaId);
        requests = await withoutSeen(requests);
      }
    }
  };

  const statesOf = async (requests: readonly SagaRequest[]): Promise<Map<string, SagaState>> => {
    const states = new Map<string, SagaState>();
    const missing = new Set<string>();
    for (const { sagaId } of requests) {
      const known = cache.get(sagaId);
      if (known) states.set(sagaId, known);
      else missing.add(sagaId);
    }
    if (missing.size > 0) for (const [id, state] of await store.load([...missing])) states.set(id, state);
    return states;
  };

  const withoutSeen = async (requests: readonly SagaRequest[]): Promise<SagaRequest[]> => {
    const seen = await store.seen(requests.flatMap(({ messageId }) => (messageId ? [messageId] : [])));
    return requests.filter(({ messageId }) => messageId === undefined || !seen.has(messageId));
  };

  return {
    submit(requests, position) {
      if (requests.length === 0 && !position) return Promise.resolve();
      if (queue.size() + requests.length > maxQueuedRequests) {
        return Promise.reject(new KolateError('KLT_OVERLOADED', 'too many saga steps wait to be written'));
      }
      return new Promise((resolve, reject) => {
        queue.add({ requests, position, resolve, reject });
        if (batches.size === 0) gathering ??= gather();
        else pump();
      });
    },
    async close() {
      while (gathering || batches.size > 0) await Promise.all([gathering, ...batches]);
    },
  };
}

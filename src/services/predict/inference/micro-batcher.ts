import { KolateError } from '../../../contracts/errors';
import { type BatchQueue, callAlone, callTogether } from './batch-calls';
import { type Answer, agree, type BatchTarget, commonRows, type Job, type Settle, settle } from './batch-job';
import type { Tensor } from './tensors';

export type MicroBatcherOptions = {
  /** How long models may hold the event loop before others have their turn. */
  readonly turnMs?: number;
  readonly maxRows?: number;
  /** Requests that may wait, over all models. */
  readonly maxWaiting?: number;
  readonly now?: () => number;
};

export type MicroBatcher = {
  open(target: BatchTarget): BatchQueue;
  /**
   * Tells `done` the outputs, in the order of `outputs`, for inputs in the order of the plan; or KolateError KLT_OVERLOADED,
   * KLT_DEADLINE_EXCEEDED, and what the run of the model throws.
   */
  submit(
    queue: BatchQueue,
    inputs: readonly Tensor[],
    outputs: readonly string[],
    deadlineMs: number,
    done: Settle<Answer>,
  ): void;
  readonly stats: () => { waiting: number; calls: number; rows: number };
};

/** Beyond this, larger calls gain nothing (seen with forests, dense nets and linear models). */
const mostRows = 2_048;
/** Before the first call of a model has been timed: no more than it takes to learn how fast it is. */
const guessedUsPerRow = 500;
const guessedUsPerElement = 1;
/** Weight of the last call in what is known of a model's speed. */
const lastCall = 0.3;

/**
 * Gathers the requests of one turn of the event loop into one call a model. Models take turns, and a call is sized so that it
 * lasts no longer than a turn may. Where a shared call fails, its requests are run one by one: rows neither fail nor change
 * because of their neighbours.
 */
export function createMicroBatcher(options: MicroBatcherOptions = {}): MicroBatcher {
  const { turnMs = 5, maxRows = mostRows, maxWaiting = 10_000, now = () => performance.now() } = options;
  /** Queues with jobs, in the order of their turns. */
  const active: BatchQueue[] = [];
  const counts = { waiting: 0, calls: 0, rows: 0 };
  let scheduled = false;
  /** When the first request of this turn came. The clock is read once a turn: reading it costs as much as a small job. */
  let turnAt = 0;

  function flush(): void {
    scheduled = false;
    let at = now();
    const until = at + turnMs;
    while (at < until) {
      const queue = active.shift();
      if (!queue) return;
      const jobs = takeTurn(queue, at);
      if (queue.jobs.length > 0) active.push(queue);
      else queue.target.free?.();
      for (const job of jobs) settle(job);
      at = now();
    }
    if (active.length > 0) schedule();
  }

  const schedule = (): void => {
    scheduled = true;
    turnAt = now();
    setImmediate(flush);
  };

  /** One call of the model, for as many requests as may share it. Returns those that had part in it. */
  function takeTurn(queue: BatchQueue, at: number): readonly Job[] {
    const cap = Math.max(1, Math.min(maxRows, Math.floor((turnMs * 1_000) / queue.usPerRow)));
    const waited = queue.jobs.length;
    const jobs = takeJobs(queue, cap, at);
    const first = jobs[0];
    if (first) {
      const rows = jobs.length > 1 ? callTogether(queue, jobs) : callAlone(queue, first, cap);
      counts.calls++;
      counts.rows += rows;
      learn(queue, first, rows, (now() - at) * 1_000);
    }
    counts.waiting += queue.jobs.length - waited;
    return jobs;
  }

  return {
    open: (target) => ({
      target,
      jobs: [],
      usPerRow: guessedUsPerRow,
      usPerElement: guessedUsPerElement,
      timed: false,
      batchable: target.plan.batchable,
    }),
    submit(queue, inputs, outputs, deadlineMs, done) {
      if (counts.waiting >= maxWaiting) {
        const detail = `${maxWaiting} requests are waiting for their models`;
        done.reject(new KolateError('KLT_OVERLOADED', detail, { retryAfterSeconds: 1 }));
        return;
      }
      counts.waiting++;
      if (!scheduled) schedule();
      if (queue.jobs.length === 0) active.push(queue);
      const rows = commonRows(inputs);
      const deadlineAt = turnAt + deadlineMs;
      queue.jobs.push({
        inputs,
        outputs,
        rows,
        deadlineAt,
        done,
        alone: rows < 1,
        parts: undefined,
        doneRows: 0,
        outcome: undefined,
      });
    },
    stats: () => ({ ...counts }),
  };
}

/** How long the shortest call that such a request needs would hold this thread, by what the model has taken so far. */
export function estimateMs(
  { target, batchable, usPerElement, usPerRow }: BatchQueue,
  inputs: readonly Tensor[],
): number {
  if (batchable && target.plan.rowsAreFixed) return usPerRow / 1_000;
  const elements = countElements(inputs);
  return (usPerElement * (batchable ? elements / Math.max(1, commonRows(inputs)) : elements)) / 1_000;
}

const countElements = (inputs: readonly Tensor[]): number => inputs.reduce((sum, { data }) => sum + data.length, 0);

function learn(queue: BatchQueue, first: Job, rows: number, us: number): void {
  const usPerRow = us / Math.max(1, rows);
  const elementsPerRow = countElements(first.inputs) / Math.max(1, first.rows);
  const weight = queue.timed ? lastCall : 1;
  queue.timed = true;
  queue.usPerRow += weight * (usPerRow - queue.usPerRow);
  queue.usPerElement += weight * (usPerRow / Math.max(1, elementsPerRow) - queue.usPerElement);
}

/** Takes from the head the requests that may share one call of at most `cap` rows; refuses those whose deadline has passed. */
function takeJobs({ jobs, batchable, target }: BatchQueue, cap: number, at: number): Job[] {
  const taken: Job[] = [];
  let rows = 0;
  let next = 0;
  for (; next < jobs.length; next++) {
    const job = jobs[next] as Job;
    if (job.deadlineAt <= at) {
      job.done.reject(new KolateError('KLT_DEADLINE_EXCEEDED', 'the deadline passed before the model had its turn'));
      continue;
    }
    const first = taken[0];
    if (first) {
      if (!batchable || first.alone || job.alone || rows + job.rows > cap) break;
      if (!agree(first, job, target.plan.rowsAreFixed)) break;
    }
    taken.push(job);
    rows += job.rows;
  }
  jobs.splice(0, next);
  return taken;
}

import { type BatchTarget, createRowTaker, isRowByRow, type Job, joinRows, sliceRows } from './batch-job';
import type { Tensor } from './tensors';

/** The requests that wait for one model. */
export type BatchQueue = {
  readonly target: BatchTarget;
  readonly jobs: Job[];
  usPerRow: number;
  usPerElement: number;
  timed: boolean;
  batchable: boolean;
};

/** Runs `jobs` in one call and notes their outcomes. Where that fails they go back to the head of the queue, to be run one by one. Returns its rows. */
export function callTogether(queue: BatchQueue, jobs: readonly Job[]): number {
  const rows = jobs.reduce((sum, job) => sum + job.rows, 0);
  const outputs = tryTogether(queue, jobs, rows);
  if (!outputs) {
    for (const job of jobs) job.alone = true;
    queue.jobs.unshift(...jobs);
    return rows;
  }
  const take = createRowTaker(outputs);
  for (const job of jobs) job.outcome = { outputs: take(job.rows) };
  return rows;
}

function tryTogether(queue: BatchQueue, jobs: readonly Job[], rows: number): readonly Tensor[] | undefined {
  try {
    const inputs = jobs.map((job) => job.inputs);
    const outputs = queue.target.run(joinRows(inputs, rows), jobs[0]?.outputs ?? []);
    if (isRowByRow(outputs, rows)) return outputs;
    // The trial run saw otherwise. What this model answers is not one row a row, so its requests never share a call again.
    queue.batchable = false;
  } catch {
    // Which request is at fault shows when each is run alone; its error then goes to its caller.
  }
  return undefined;
}

/** Runs one request and notes its outcome, or its next `cap` rows when it has more: it then keeps its place at the head. Returns the rows run. */
export function callAlone(queue: BatchQueue, job: Job, cap: number): number {
  const { run } = queue.target;
  try {
    if (!queue.batchable || job.rows <= cap) {
      job.outcome = { outputs: run(job.inputs, job.outputs) };
      return Math.max(1, job.rows);
    }
    const from = job.doneRows;
    const to = Math.min(job.rows, from + cap);
    const part = run(sliceRows(job.inputs, from, to), job.outputs);
    if (!isRowByRow(part, to - from)) {
      queue.batchable = false;
      job.outcome = { outputs: run(job.inputs, job.outputs) };
      return job.rows;
    }
    job.parts ??= [];
    job.parts.push(part);
    job.doneRows = to;
    if (to === job.rows) job.outcome = { outputs: joinRows(job.parts, job.rows) };
    else queue.jobs.unshift(job);
    return to - from;
  } catch (error) {
    job.outcome = { error };
    return 1;
  }
}

import type { SagaRequest } from './saga-requests';
import type { Position } from './saga-store';

/** What one caller waits for: all of it is written in one transaction. */
export type Job = {
  readonly requests: readonly SagaRequest[];
  readonly position: Position | undefined;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
};

const weightOf = ({ requests }: Job): number => Math.max(1, requests.length);

/** Jobs in the order in which they came, handed out so that no saga is in two batches at a time. */
export function createJobQueue(maxBatchRequests: number) {
  let waiting: Job[] = [];
  let weight = 0;
  const busy = new Set<string>();

  return {
    /** Requests that wait; a job without any, which only moves a position, counts as one. */
    size: (): number => weight,
    add(job: Job): void {
      waiting.push(job);
      weight += weightOf(job);
    },
    /** The next jobs for one batch, none that concerns a saga of a batch under way or of an earlier job that has to wait for it. */
    take(): Job[] {
      const taken: Job[] = [];
      const left: Job[] = [];
      const blocked = new Set(busy);
      let count = 0;
      for (const job of waiting) {
        const fits = taken.length === 0 || count + job.requests.length <= maxBatchRequests;
        if (fits && !job.requests.some(({ sagaId }) => blocked.has(sagaId))) {
          taken.push(job);
          count += job.requests.length;
          continue;
        }
        left.push(job);
        for (const { sagaId } of job.requests) blocked.add(sagaId);
      }
      waiting = left;
      weight -= taken.reduce((sum, job) => sum + weightOf(job), 0);
      for (const job of taken) for (const { sagaId } of job.requests) busy.add(sagaId);
      return taken;
    },
    release(jobs: readonly Job[]): void {
      for (const job of jobs) for (const { sagaId } of job.requests) busy.delete(sagaId);
    },
  };
}

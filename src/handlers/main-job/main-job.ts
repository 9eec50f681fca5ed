import { type Cli, type MainJob, repeatMainJob } from '../../../cli/main-job';
import { mainJobDone } from '../../contracts/main-job';

type Deps = {
  readonly cli: Cli;
  readonly job: Omit<MainJob, 'until'>;
  readonly say: (line: string) => void;
  readonly pause: (ms: number) => Promise<unknown>;
  readonly now: () => number;
};

/** Records come over Kafka, seconds after the answer. */
const recordDeadlineMs = 30_000;

/**
 * Does the main job once and says how it went. A job that fails is what this is there to tell, and no failure of the function:
 * its alarm rings for jobs that are not done.
 */
export const createMainJob =
  ({ cli, job, say, pause, now }: Deps) =>
  async (): Promise<void> => {
    const startedAt = now();
    const until = async (holds: () => Promise<boolean>): Promise<void> => {
      while (!(await holds())) {
        if (now() - startedAt > recordDeadlineMs) throw new Error(`not within ${recordDeadlineMs / 1_000} s`);
        await pause(1_000);
      }
    };
    try {
      await repeatMainJob(cli, { ...job, until }, () => undefined);
      say(`${mainJobDone}, as ${job.tenant}, in ${now() - startedAt} ms`);
    } catch (error) {
      say(`it could not be done: ${error instanceof Error ? error.message : error}`);
    }
  };

import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { endLeftover } from '../engines/leftover-process';

const suffix = '.pid';

/** A service is given little time: nobody waits for its answers any more, and its state is in the engines. */
const serviceDeadlineMs = 1_500;
const engineDeadlineMs = 15_000;

/**
 * Ends what a supervisor left behind that was killed: first the services, then the engines, whose data are whole since
 * each of them is made to be ended at any moment. A process that only got the pid of one is left alone.
 * @returns the names of what was ended
 */
export async function endLeftovers(pidDir: string, services: readonly string[]): Promise<string[]> {
  const names = namesIn(pidDir);
  const first = names.filter((name) => services.includes(name));
  const ended = await endAll(pidDir, first, serviceDeadlineMs);
  return [
    ...ended,
    ...(await endAll(
      pidDir,
      names.filter((name) => !services.includes(name)),
      engineDeadlineMs,
    )),
  ];
}

/** The names where there are few. */
export const namesOrCount = (names: readonly string[]): string =>
  names.length <= 14 ? names.join(', ') : `${names.length} processes`;

/** How many processes have a pid file. */
export const countLeftovers = (pidDir: string): number => namesIn(pidDir).length;

const namesIn = (pidDir: string): string[] =>
  (existsSync(pidDir) ? readdirSync(pidDir) : [])
    .filter((file) => file.endsWith(suffix))
    .map((file) => file.slice(0, -suffix.length));

async function endAll(pidDir: string, names: readonly string[], deadlineMs: number): Promise<string[]> {
  const ended = await Promise.all(names.map((name) => endLeftover(join(pidDir, name + suffix), deadlineMs)));
  return names.filter((_, index) => ended[index] === 'ended');
}

import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { endLeftover } from '../engines/leftover-process';

const suffix = '.pid';

/**
 * Ends what a supervisor left behind that was killed: first what uses the engines, then the engines. Their data are
 * whole, since each of them is made to be ended at any moment; a process that only got the pid of one is left alone.
 * @returns the names of what was ended
 */
export async function endLeftovers(pidDir: string, engines: readonly string[]): Promise<string[]> {
  const names = namesIn(pidDir);
  const services = names.filter((name) => !engines.includes(name));
  return [
    ...(await endAll(pidDir, services)),
    ...(await endAll(
      pidDir,
      names.filter((name) => engines.includes(name)),
    )),
  ];
}

/** How many processes have a pid file. */
export const countLeftovers = (pidDir: string): number => namesIn(pidDir).length;

const namesIn = (pidDir: string): string[] =>
  (existsSync(pidDir) ? readdirSync(pidDir) : [])
    .filter((file) => file.endsWith(suffix))
    .map((file) => file.slice(0, -suffix.length));

async function endAll(pidDir: string, names: readonly string[]): Promise<string[]> {
  const ended = await Promise.all(names.map((name) => endLeftover(join(pidDir, name + suffix))));
  return names.filter((_, index) => ended[index] === 'ended');
}

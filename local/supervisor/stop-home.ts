import { setTimeout as delay } from 'node:timers/promises';
import { isAlive } from '../setup/process-identity.mjs';
import { findHome } from './home';
import { countLeftovers, endLeftovers, namesOrCount } from './leftovers';
import { serviceNames } from './service-specs';
import { readSupervisor, releaseHome } from './supervisor-lock';

const deadlineMs = 90_000;

/** Stops what runs on a home, attached, detached or left behind. Answers what it did, in one sentence. */
export async function stopHome(dir: string): Promise<string> {
  const home = await findHome(dir);
  if (!home) return `nothing to stop: ${dir} is not a Kolate home`;
  const begun = Date.now();
  const supervisor = readSupervisor(home.run);
  const running = countLeftovers(home.run);
  if (supervisor) {
    process.kill(supervisor.pid, 'SIGTERM');
    while (isAlive(supervisor) && Date.now() - begun < deadlineMs) await delay(50);
    if (isAlive(supervisor)) process.kill(supervisor.pid, 'SIGKILL');
  }
  const left = await endLeftovers(home.run, serviceNames);
  releaseHome(home.run);
  const took = `${((Date.now() - begun) / 1_000).toFixed(1)} s`;
  if (supervisor) return `stopped the platform on ${dir}: ${running} processes and their supervisor, in ${took}`;
  if (left.length > 0) return `ended what an earlier run had left on ${dir}: ${namesOrCount(left)}, in ${took}`;
  return `nothing was running on ${dir}`;
}

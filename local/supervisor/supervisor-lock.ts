import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { writePrivateJson } from '../../cli/private-file';
import { withLock } from '../setup/lock.mjs';
import { identify, isAlive, type ProcessIdentity } from '../setup/process-identity.mjs';

const fileOf = (runDir: string): string => join(runDir, 'supervisor.json');

/** Who supervises a home now, if anybody does. */
export function readSupervisor(runDir: string): ProcessIdentity | undefined {
  try {
    const known: ProcessIdentity = JSON.parse(readFileSync(fileOf(runDir), 'utf8'));
    return isAlive(known) ? known : undefined;
  } catch {
    return undefined;
  }
}

/** Makes this process the one supervisor of a home. Answers the one that it has already, where there is one. */
export const claimHome = (runDir: string): Promise<ProcessIdentity | undefined> =>
  withLock(
    join(runDir, 'claim.lock'),
    async () => {
      const other = readSupervisor(runDir);
      if (other && other.pid !== process.pid) return other;
      await writePrivateJson(fileOf(runDir), identify(process.pid));
      return undefined;
    },
    { timeoutMs: 20_000 },
  );

export const releaseHome = (runDir: string): void => rmSync(fileOf(runDir), { force: true });

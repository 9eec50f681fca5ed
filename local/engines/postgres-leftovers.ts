import { readdirSync, readlinkSync, realpathSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Ends what an unclean death left of the cluster in `dir`: backends live in sessions of their own, outlast a postmaster
 * for a moment, and keep a new one from starting. A stale postmaster.pid goes too, since its pid may be another's by now
 * or that of a zombie which nobody reaps.
 */
export async function endPostgresOf(dir: string, deadlineMs = 20_000): Promise<void> {
  const home = realpathSync(dir);
  const deadline = Date.now() + deadlineMs;
  for (let round = 0; ; round++) {
    const pids = processesIn(home);
    if (pids.length === 0) break;
    if (Date.now() > deadline) throw new Error(`processes ${pids.join(', ')} still work in ${dir}`);
    // Backends without a postmaster leave by themselves; a postmaster is asked once, then made to.
    const signal = round === 0 ? 'SIGINT' : Date.now() > deadline - deadlineMs / 2 ? 'SIGKILL' : undefined;
    if (signal) for (const pid of pids) send(pid, signal);
    await sleep(50);
  }
  rmSync(join(dir, 'postmaster.pid'), { force: true });
}

/** Every process of a cluster, postmaster and backends alike, works in its data folder. */
function processesIn(dir: string): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && cwdOf(name) === dir)
    .map(Number);
}

function cwdOf(pid: string): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/cwd`);
  } catch {
    return undefined;
  }
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It has ended meanwhile.
  }
}

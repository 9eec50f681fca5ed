import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { identify, isAlive, type ProcessIdentity } from '../setup/process-identity.mjs';

export type PidFile = ProcessIdentity & { readonly name: string; readonly stopSignal: NodeJS.Signals };

/** In the environment of every process that we start, so that one can be told by it whose pid was never written down. */
export const markerVariable = 'KOLATE_PID_FILE';

export function writePidFile(path: string, name: string, pid: number, stopSignal: NodeJS.Signals): void {
  const identity = identify(pid);
  if (identity) writeFileSync(path, JSON.stringify({ ...identity, name, stopSignal }), { mode: 0o644 });
}

/** Undefined where there is no file, or nobody behind it any more. */
export function readPidFile(path: string): PidFile | undefined {
  try {
    const known = JSON.parse(readFileSync(path, 'utf8')) as PidFile;
    return isAlive(known) ? known : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Ends the process that an earlier run of ours started under this pid file, if it still runs; a process that only got
 * the same pid is left alone. Nothing is adopted: a child's output and end could not be seen by another parent.
 */
export async function endLeftover(pidFile: string, deadlineMs = 10_000): Promise<'none' | 'ended'> {
  const known = readPidFile(pidFile);
  const left = known ? [known, ...findMarked(pidFile).filter(({ pid }) => pid !== known.pid)] : findMarked(pidFile);
  for (const one of left) await endProcess(one, known?.stopSignal ?? 'SIGTERM', deadlineMs);
  rmSync(pidFile, { force: true });
  return left.length > 0 ? 'ended' : 'none';
}

async function endProcess(identity: ProcessIdentity, signal: NodeJS.Signals, deadlineMs: number): Promise<void> {
  send(identity.pid, signal);
  if (await gone(identity, deadlineMs)) return;
  send(-identity.pid, 'SIGKILL');
  send(identity.pid, 'SIGKILL');
  if (!(await gone(identity, 5_000))) throw new Error(`process ${identity.pid} does not end, even by SIGKILL`);
}

async function gone(identity: ProcessIdentity, deadlineMs: number): Promise<boolean> {
  const deadline = Date.now() + deadlineMs;
  while (isAlive(identity)) {
    if (Date.now() > deadline) return false;
    await sleep(20);
  }
  return true;
}

/** Of the leaders alone; their children have the marker too, and end with them. */
function findMarked(pidFile: string): ProcessIdentity[] {
  const marker = `${markerVariable}=${pidFile}`;
  const marked = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && environmentOf(name).includes(marker))
    .flatMap((name) => identify(Number(name)) ?? []);
  return marked.filter(({ pid }) => pid !== process.pid);
}

function environmentOf(pid: string): string[] {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'latin1').split('\0');
  } catch {
    return [];
  }
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It has ended meanwhile, or leads no group.
  }
}

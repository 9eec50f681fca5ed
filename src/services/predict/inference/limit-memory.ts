import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

const patienceMs = 5_000;

/**
 * Bounds what this process may allocate from now on. A model of the fast lane can still ask for the square of what a request
 * sends; past the bound that is an error of its call, where without one the system would end the process, and everybody's calls.
 * False where it cannot be set: it takes Linux and `prlimit` of util-linux.
 */
export function limitMemory(furtherBytes: number): boolean {
  const data = dataBytes();
  if (data === undefined) return false;
  // The soft limit alone: child processes get limits of their own.
  const limit = `--data=${data + furtherBytes}:`;
  const { status } = spawnSync('prlimit', ['--pid', String(process.pid), limit], { timeout: patienceMs });
  return status === 0;
}

/** What the limit counts: private memory that can be written, reserved or in use. */
function dataBytes(): number | undefined {
  try {
    const [, kilobytes] = /^VmData:\s+(\d+) kB/m.exec(readFileSync('/proc/self/status', 'utf8')) ?? [];
    return kilobytes === undefined ? undefined : Number(kilobytes) * 1_024;
  } catch {
    return undefined;
  }
}

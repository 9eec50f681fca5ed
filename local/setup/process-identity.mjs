// A process is named by its pid, the boot and the tick it started at: a pid alone may have been given to another since.
import { readFileSync } from 'node:fs';

/** @typedef {{ pid: number, startTicks: number, bootId: string }} ProcessIdentity */

const bootId = () => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();

/**
 * Undefined when there is no such process, or it is a zombie that only waits to be reaped.
 * @param {number} pid
 * @returns {ProcessIdentity | undefined}
 */
export function identify(pid) {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name in parentheses may hold spaces and parentheses itself; what follows it is fields 3 and on.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (fields[0] === 'Z' || fields[0] === 'X') return undefined;
    return { pid, startTicks: Number(fields[19]), bootId: bootId() };
  } catch {
    return undefined;
  }
}

/** @param {ProcessIdentity} known */
export function isAlive(known) {
  const now = identify(known.pid);
  return now !== undefined && now.startTicks === known.startTicks && now.bootId === known.bootId;
}

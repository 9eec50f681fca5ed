import { readdirSync, readFileSync } from 'node:fs';

/** The children of every process of this machine. */
export function readProcessTree(): Map<number, number[]> {
  const children = new Map<number, number[]>();
  for (const name of readdirSync('/proc')) {
    const pid = Number(name);
    const parent = Number.isInteger(pid) ? parentOf(pid) : undefined;
    if (parent !== undefined) children.set(parent, [...(children.get(parent) ?? []), pid]);
  }
  return children;
}

function parentOf(pid: number): number | undefined {
  const stat = read(`/proc/${pid}/stat`);
  // The name in parentheses may hold spaces and parentheses itself; the parent is the second field after it.
  return stat === undefined ? undefined : Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
}

/** Bytes of memory of a process and all below it, so that PostgreSQL's backends count with their postmaster. */
export function memoryOf(pid: number, tree: ReadonlyMap<number, readonly number[]>): number {
  const below = tree.get(pid) ?? [];
  return below.reduce((sum, child) => sum + memoryOf(child, tree), ownMemory(pid));
}

/** Of one process alone: proportional set size, which shares out what several processes map; resident size where the kernel does not tell. */
export function ownMemory(pid: number): number {
  const rollup = read(`/proc/${pid}/smaps_rollup`);
  const kilobytes =
    rollup?.match(/^Pss:\s+(\d+) kB$/m)?.[1] ?? read(`/proc/${pid}/status`)?.match(/^VmRSS:\s+(\d+) kB$/m)?.[1];
  return Number(kilobytes ?? 0) * 1_024;
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}

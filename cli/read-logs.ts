import { open, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

export type LogEntry = {
  readonly time?: string;
  readonly level?: string;
  readonly name?: string;
  readonly msg?: string;
};

const suffix = '.jsonl';
/** Read from the end of a file at most, so that a large log costs no more than a small one. */
const tailBytes = 1_048_576;

/** Names of the processes that have a log in `folder`. */
export const logNames = async (folder: string): Promise<string[]> =>
  (await readdir(folder).catch(() => []))
    .filter((file) => file.endsWith(suffix))
    .map((file) => file.slice(0, -suffix.length))
    .sort();

async function readFrom(file: string, offset: number): Promise<{ readonly text: string; readonly end: number }> {
  const handle = await open(file, 'r').catch(() => undefined);
  // Between two files: the full one has gone, the new one is not there yet.
  if (!handle) return { text: '', end: 0 };
  try {
    const { size } = await handle.stat();
    const from = size < offset ? 0 : Math.max(offset, size - tailBytes);
    const { bytesRead, buffer } = await handle.read(Buffer.alloc(size - from), 0, size - from, from);
    const text = buffer.toString('utf8', 0, bytesRead);
    // Only whole lines: what is being written now is read the next time.
    const whole = text.lastIndexOf('\n') + 1;
    return { text: text.slice(0, whole), end: from + Buffer.byteLength(text.slice(0, whole)) };
  } finally {
    await handle.close();
  }
}

/** The entry of a line, or none. */
export function parseLine(line: string): LogEntry[] {
  try {
    const entry: unknown = JSON.parse(line);
    return typeof entry === 'object' && entry !== null ? [entry] : [];
  } catch {
    return [];
  }
}

/** What engines write does not say whose it is; the file does. What some call a name is a part of theirs. */
const entriesOf = (name: string, text: string): LogEntry[] =>
  text.split('\n').flatMap((line) =>
    parseLine(line).map(({ name: part, level, ...entry }) => ({
      ...entry,
      ...(part === undefined || part === name ? {} : { part }),
      ...(level === undefined ? {} : { level: String(level).toLowerCase() }),
      name,
    })),
  );
const byTime = (a: LogEntry, b: LogEntry): number => (a.time ?? '').localeCompare(b.time ?? '');

/** How far each log has been read, by the name of its process. */
export type Offsets = ReadonlyMap<string, number>;

/** The last `lines` entries of the processes `names`, by time, and where to go on. */
export async function readLogs(
  folder: string,
  names: readonly string[],
  lines: number,
): Promise<{ readonly entries: LogEntry[]; readonly offsets: Offsets }> {
  const offsets = new Map<string, number>();
  const entries = await Promise.all(
    names.map(async (name) => {
      const { text, end } = await readFrom(join(folder, name + suffix), 0);
      offsets.set(name, end);
      return entriesOf(name, text).slice(-lines);
    }),
  );
  return { entries: entries.flat().sort(byTime).slice(-lines), offsets };
}

/** What is written behind `from`, as it is written, until `signal`. */
export async function* followLogs(folder: string, from: Offsets, signal: AbortSignal): AsyncGenerator<LogEntry> {
  const offsets = new Map(from);
  while (!signal.aborted) {
    for (const [name, offset] of offsets) {
      const { text, end } = await readFrom(join(folder, name + suffix), offset);
      offsets.set(name, end);
      yield* entriesOf(name, text);
    }
    await delay(250, undefined, { signal }).catch(() => undefined);
  }
}

/** One entry as people read it: an error by its message, what else it holds as JSON. */
export function entryText({ time, level, name, msg, ...rest }: LogEntry & Readonly<Record<string, unknown>>): string {
  const { pid: _pid, hostname: _host, err, ...members } = rest;
  const message = typeof err === 'object' && err !== null && 'message' in err ? `: ${err.message}` : '';
  const more = Object.keys(members).length > 0 ? ` ${JSON.stringify(members)}` : '';
  const clock = time?.slice(11, 23) ?? '';
  return `${clock} ${(level ?? 'info').padEnd(5)} ${(name ?? '').padEnd(18)} ${msg ?? ''}${message}${more}`;
}

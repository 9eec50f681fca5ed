import { closeSync, openSync, renameSync, statSync, writeSync } from 'node:fs';
import type { Readable } from 'node:stream';

const maxLineChars = 16_384;
const maxFileBytes = 32 * 1024 * 1024;
const keptLines = 30;

export type ProcessLog = {
  /** Reads lines from a process's output until it ends. */
  readonly gather: (output: Readable) => void;
  /** The last lines as they were written by the process, oldest first. */
  readonly lastLines: () => readonly string[];
  readonly close: () => void;
};

/**
 * Appends a JSON line `{ time, level, msg }` to `file` for each line of output; a line that is a JSON object already
 * stays as it is. At 32 MB the file becomes `<file>.1`, and the one before it goes.
 */
export function createProcessLog(file: string, now = () => new Date()): ProcessLog {
  let fd = openSync(file, 'a', 0o600);
  let size = statSync(file).size;
  const last: string[] = [];
  let closed = false;

  const append = (line: string): void => {
    last.push(line);
    if (last.length > keptLines) last.shift();
    // A child of a process that was killed may write for a moment longer; by then the descriptor may be another file's.
    if (closed) return;
    const entry = Buffer.from(
      `${isJsonObject(line) ? line : JSON.stringify({ time: now().toISOString(), level: levelOf(line), msg: line })}\n`,
    );
    if (size + entry.length > maxFileBytes) {
      closeSync(fd);
      renameSync(file, `${file}.1`);
      fd = openSync(file, 'a', 0o600);
      size = 0;
    }
    // Synchronous, so that nothing piles up in memory and a crash of ours loses nothing.
    size += writeSync(fd, entry);
  };

  return {
    gather(output) {
      let rest = '';
      output.setEncoding('utf8');
      output.on('data', (chunk: string) => {
        const lines = (rest + chunk).split('\n');
        rest = lines.pop() ?? '';
        if (rest.length > maxLineChars) rest = lines.push(rest) ? '' : rest;
        for (const line of lines) if (line.trim() !== '') append(line.slice(0, maxLineChars));
      });
      output.on('end', () => {
        if (rest.trim() !== '') append(rest);
      });
      // The pipe of a process that was killed may break; what it wrote before has been read.
      output.on('error', () => undefined);
    },
    lastLines: () => [...last],
    close() {
      if (!closed) closeSync(fd);
      closed = true;
    },
  };
}

function isJsonObject(line: string): boolean {
  if (!line.startsWith('{')) return false;
  try {
    JSON.parse(line);
    return true;
  } catch {
    return false;
  }
}

/** What the engines call their levels; words are looked for near the start, where they put them. */
export function levelOf(line: string): 'fatal' | 'error' | 'warn' | 'info' {
  const head = line.slice(0, 160);
  // Answered to our own probe while PostgreSQL reads its log.
  if (head.includes('the database system is starting up')) return 'info';
  if (/\b(FATAL|PANIC|panic:)/.test(head)) return 'fatal';
  if (/\b(ERROR|error|Exception)\b/.test(head)) return 'error';
  if (/\b(WARN(ING)?|warn(ing)?)\b|^\S+ \S+ \S+ \S+ \S+ # /.test(head)) return 'warn';
  return 'info';
}

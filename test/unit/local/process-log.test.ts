import { existsSync, readFileSync, statSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { createProcessLog, levelOf } from '../../../local/engines/process-log';
import { scratchFolder } from '../../helpers/scratch-folder';

const file = () => join(scratchFolder('log'), 'it.jsonl');

async function gather(path: string, chunks: readonly string[]) {
  const log = createProcessLog(path);
  const output = new PassThrough();
  log.gather(output);
  for (const chunk of chunks) output.write(chunk);
  output.end();
  await new Promise((resolve) => output.once('close', resolve));
  log.close();
  return log;
}

it('joins a line that comes in pieces and cuts one that is endless', async () => {
  const path = file();
  await gather(path, ['one', ' line\n', 'x'.repeat(40_000), '\n']);
  const messages = readFileSync(path, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line).msg);
  expect(messages[0]).toBe('one line');
  expect(messages.every((text: string) => text.length <= 16_384)).toBe(true);
});

it('is read by its owner alone, and keeps one older file when it grows too large', async () => {
  const path = file();
  await gather(path, ['old\n']);
  expect(statSync(path).mode & 0o777).toBe(0o600);
  truncateSync(path, 32 * 1024 * 1024);
  await gather(path, ['new\n']);
  expect(JSON.parse(readFileSync(path, 'utf8')).msg).toBe('new');
  expect(existsSync(`${path}.1`)).toBe(true);
});

it('lets lines go that come when it has been closed, since its descriptor may be another file’s by then', async () => {
  const path = file();
  const output = new PassThrough();
  const log = createProcessLog(path);
  log.gather(output);
  output.write('before\n');
  await new Promise((resolve) => setImmediate(resolve));
  log.close();
  const other = createProcessLog(`${path}.other`);
  output.end('after\n');
  await new Promise((resolve) => output.once('close', resolve));
  other.close();
  expect(readFileSync(path, 'utf8')).toContain('before');
  expect(readFileSync(`${path}.other`, 'utf8')).toBe('');
});

it('keeps the last lines for the message of a failure', async () => {
  const log = await gather(
    file(),
    Array.from({ length: 50 }, (_, n) => `${n}\n`),
  );
  expect(log.lastLines()).toEqual(Array.from({ length: 30 }, (_, n) => String(n + 20)));
});

it.each([
  ['[405] kolate@db FATAL:  password authentication failed', 'fatal'],
  ['[405] FATAL:  the database system is starting up', 'info'],
  ['[405] ERROR:  relation does not exist', 'error'],
  ['436:M 21 Nov 2026 10:21:14.396 # WARNING overcommit', 'warn'],
  ['[main] WARN org.apache.kafka.Thing - careful', 'warn'],
  ['[405] LOG:  database system is ready', 'info'],
  ['panic: runtime error', 'fatal'],
])('guesses the level of %s', (line, level) => {
  expect(levelOf(line)).toBe(level);
});

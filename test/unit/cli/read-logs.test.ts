import { appendFileSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { entryText, followLogs, logNames, readLogs } from '../../../cli/read-logs';

let folder: string;
const at = (second: number, msg: string) =>
  `${JSON.stringify({ time: `2026-01-01T00:00:0${second}.000Z`, level: 'info', msg })}\n`;
const file = (name: string) => join(folder, `${name}.jsonl`);

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'kolate-logs-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

it('tells the last entries of several processes in the order of time', async () => {
  writeFileSync(file('a'), at(1, 'first') + at(4, 'fourth'));
  writeFileSync(file('b'), at(2, 'second') + at(3, 'third'));
  expect(await logNames(folder)).toEqual(['a', 'b']);
  const { entries } = await readLogs(folder, ['a', 'b'], 3);
  expect(entries.map(({ msg }) => msg)).toEqual(['second', 'third', 'fourth']);
});

it('says which process an entry is of that does not say it itself', async () => {
  writeFileSync(file('valkey'), at(1, 'up'));
  const { entries } = await readLogs(folder, ['valkey'], 1);
  expect(entries).toEqual([expect.objectContaining({ name: 'valkey' })]);
});

it('says which process an entry is of that names but a part of it, and writes its level as ours', async () => {
  writeFileSync(file('document'), `${JSON.stringify({ level: 'WARN', name: 'cursors', msg: 'not found' })}\n`);
  const { entries } = await readLogs(folder, ['document'], 1);
  expect(entries).toEqual([{ name: 'document', part: 'cursors', level: 'warn', msg: 'not found' }]);
});

it('goes on with what is written, also in a file that took the place of a full one', async () => {
  writeFileSync(file('a'), at(1, 'before'));
  const { offsets } = await readLogs(folder, ['a'], 1);
  const stop = new AbortController();
  const entries = followLogs(folder, offsets, stop.signal);
  try {
    appendFileSync(file('a'), at(2, 'while'));
    expect((await entries.next()).value).toMatchObject({ msg: 'while' });
    renameSync(file('a'), `${file('a')}.1`);
    writeFileSync(file('a'), at(3, 'new'));
    expect((await entries.next()).value).toMatchObject({ msg: 'new' });
  } finally {
    stop.abort();
  }
  expect((await entries.next()).done).toBe(true);
});

it('shows an error by its message', () => {
  const entry = {
    time: '2026-01-01T00:00:01.500Z',
    level: 'error',
    name: 'core',
    msg: 'failed',
    err: { message: 'no', stack: 'at' },
  };
  expect(entryText(entry)).toMatch(/^00:00:01\.500 error core +failed: no$/);
});

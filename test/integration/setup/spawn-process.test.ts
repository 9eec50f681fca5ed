import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ProcessSpec } from '../../../local/engines/engine';
import { endLeftover, markerVariable, readPidFile } from '../../../local/engines/leftover-process';
import { spawnProcess, startProcess } from '../../../local/engines/spawn-process';
import { identify, isAlive } from '../../../local/setup/process-identity.mjs';
import { scratchFolder } from '../../helpers/scratch-folder';
import { until } from '../../helpers/until';

function place(name = 'it') {
  const dir = scratchFolder('spawn');
  return { dir, pidFile: join(dir, `${name}.pid`), logFile: join(dir, `${name}.jsonl`) };
}

const shell = (script: string, more: Partial<ProcessSpec> = {}): ProcessSpec => ({
  ...{ name: 'it', command: '/bin/sh', args: ['-c', script], env: {}, cwd: tmpdir() },
  ...{ stopSignal: 'SIGTERM', ready: async () => true, readyTimeoutMs: 10_000, ...more },
});

const linesOf = (file: string) =>
  readFileSync(file, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));

it('writes each line of output as a JSON line with a time and a level, and leaves JSON as it is', async () => {
  const files = place();
  const script = `echo plain; echo '[7] FATAL:  no' >&2; echo '{"level":"warn","msg":"own"}'; printf 'no end'`;
  await spawnProcess(shell(script), files).exited;
  expect(linesOf(files.logFile).map(({ level, msg }) => [level, msg])).toEqual(
    expect.arrayContaining([
      ['info', 'plain'],
      ['fatal', '[7] FATAL:  no'],
      ['warn', 'own'],
      ['info', 'no end'],
    ]),
  );
  expect(linesOf(files.logFile).find(({ msg }) => msg === 'plain').time).toMatch(/^\d{4}-.*Z$/);
});

it('passes on the environment of the spec and nothing of ours', async () => {
  const files = place();
  process.env.KOLATE_TEST_SECRET = 'ours';
  await spawnProcess(shell('env', { env: { GIVEN: 'yes' } }), files).exited;
  const text = readFileSync(files.logFile, 'utf8');
  expect(text).toContain('GIVEN=yes');
  expect(text).not.toContain('KOLATE_TEST_SECRET');
});

it('tells why a process ended before it was ready, with its last lines', async () => {
  const start = startProcess(shell('echo no such folder >&2; exit 3', { ready: async () => false }), place());
  await expect(start).rejects.toThrow(/it ended before it was ready \(exit code 3\); its last lines:\nno such folder/);
});

it('ends a process that is not ready by its deadline, and tells what the probe said', async () => {
  const files = place();
  const ready = () => Promise.reject(new Error('wrong password'));
  const start = startProcess(shell('exec sleep 60', { ready, readyTimeoutMs: 50 }), files);
  await expect(start).rejects.toThrow('it was not ready after 50 ms (wrong password)');
  expect(existsSync(files.pidFile)).toBe(false);
});

it('says so when the program is not there', async () => {
  const start = startProcess(shell('', { command: '/nowhere/engine', args: [] }), place());
  await expect(start).rejects.toThrow(/ENOENT/);
});

it('kills the whole process group of one that does not heed its signal', async () => {
  const files = place();
  const running = await startProcess(shell(`trap '' TERM; sleep 60 & echo child $!; wait`), files);
  await until(() => readFileSync(files.logFile, 'utf8').includes('child'));
  const child = identify(Number(readFileSync(files.logFile, 'utf8').match(/child (\d+)/)?.[1]));
  expect(await running.stop(50)).toMatchObject({ signal: 'SIGKILL' });
  await until(() => child !== undefined && !isAlive(child));
});

describe('what an earlier run left', () => {
  it('is ended by its pid file', async () => {
    const files = place();
    const running = await startProcess(shell('exec sleep 60'), files);
    expect(readPidFile(files.pidFile)).toMatchObject({ pid: running.pid, name: 'it', stopSignal: 'SIGTERM' });
    expect(await endLeftover(files.pidFile)).toBe('ended');
    expect(await running.exited).toMatchObject({ signal: 'SIGTERM' });
    expect(await endLeftover(files.pidFile)).toBe('none');
  });

  it('is ended although its pid was never written down', async () => {
    const { pidFile } = place();
    const lost = spawn('/bin/sleep', ['60'], { env: { [markerVariable]: pidFile }, detached: true, stdio: 'ignore' });
    await until(() => lost.pid !== undefined && identify(lost.pid) !== undefined);
    const ended = once(lost, 'exit');
    expect(await endLeftover(pidFile)).toBe('ended');
    await ended;
  });

  it('is not a process that only has the same pid', async () => {
    const { pidFile } = place();
    const other = spawn('/bin/sleep', ['60'], { detached: true, stdio: 'ignore' });
    const identity = identify(other.pid ?? 0);
    writeFileSync(pidFile, JSON.stringify({ ...identity, startTicks: 1, name: 'it', stopSignal: 'SIGTERM' }));
    expect(await endLeftover(pidFile)).toBe('none');
    expect(identity && isAlive(identity)).toBe(true);
    other.kill('SIGKILL');
  });
});

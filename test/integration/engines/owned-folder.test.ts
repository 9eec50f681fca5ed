import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ProcessSpec } from '../../../local/engines/engine';
import { clearOwnedFolders, makeOwnedFolder } from '../../../local/engines/owned-folder';
import { spawnProcess } from '../../../local/engines/spawn-process';
import { identify, isAlive } from '../../../local/setup/process-identity.mjs';

let parent: string;
beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), 'kolate-parent-'));
});
afterEach(() => rmSync(parent, { recursive: true, force: true }));

const spec: ProcessSpec = {
  name: 'engine',
  command: process.execPath,
  args: ['-e', 'setInterval(() => 0, 1000)'],
  env: {},
  cwd: tmpdir(),
  stopSignal: 'SIGTERM',
  ready: async () => true,
  readyTimeoutMs: 5_000,
};

/** An engine in a folder of ours. */
async function started(folder: string) {
  const running = spawnProcess(spec, { pidFile: join(folder, 'engine.pid'), logFile: join(folder, 'engine.log') });
  await running.ready;
  const identity = identify(running.pid);
  if (!identity) throw new Error('it has ended');
  return { identity, stop: running.stop };
}

/** As if the process that made the folder had been killed since. */
async function orphan(folder: string): Promise<void> {
  const child = spawn(process.execPath, ['-e', 'setInterval(() => 0, 1000)']);
  await once(child, 'spawn');
  writeFileSync(join(folder, 'owner.json'), JSON.stringify(identify(child.pid ?? 0)));
  child.kill('SIGKILL');
  await once(child, 'exit');
}

it('ends what an owner left that was killed, and removes its folder', async () => {
  const folder = makeOwnedFolder('bench-', parent);
  const { identity } = await started(folder);
  await orphan(folder);
  await clearOwnedFolders(['bench-'], parent);
  expect([isAlive(identity), existsSync(folder)]).toEqual([false, false]);
});

it('leaves alone what has a living owner, or another name', async () => {
  const ours = makeOwnedFolder('bench-', parent);
  const others = makeOwnedFolder('other-', parent);
  await orphan(others);
  const { identity, stop } = await started(ours);
  await clearOwnedFolders(['bench-'], parent);
  expect([isAlive(identity), existsSync(ours), existsSync(others)]).toEqual([true, true, true]);
  await stop();
});

it('ends nobody who only got the pid of a process that has gone', async () => {
  const folder = makeOwnedFolder('bench-', parent);
  await orphan(folder);
  const stranger = spawn(process.execPath, ['-e', 'setInterval(() => 0, 1000)']);
  await once(stranger, 'spawn');
  const pid = stranger.pid ?? 0;
  const gone = { ...identify(pid), startTicks: 1, name: 'engine', stopSignal: 'SIGTERM' };
  writeFileSync(join(folder, 'engine.pid'), JSON.stringify(gone));
  await clearOwnedFolders(['bench-'], parent);
  expect([stranger.exitCode, stranger.signalCode, existsSync(folder)]).toEqual([null, null, false]);
  stranger.kill('SIGKILL');
});

it('waits an hour for a folder to say whose it is', async () => {
  const folder = join(parent, 'bench-nameless');
  mkdirSync(folder);
  await clearOwnedFolders(['bench-'], parent);
  expect(existsSync(folder)).toBe(true);
  const old = new Date(Date.now() - 3_700_000);
  utimesSync(folder, old, old);
  await clearOwnedFolders(['bench-'], parent);
  expect(existsSync(folder)).toBe(false);
});

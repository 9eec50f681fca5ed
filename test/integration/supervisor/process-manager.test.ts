import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ProcessSpec } from '../../../local/engines/engine';
import { askPort } from '../../../local/engines/probe';
import { isAlive } from '../../../local/setup/process-identity.mjs';
import { endLeftovers } from '../../../local/supervisor/leftovers';
import { createProcessManager, type ProcessManager } from '../../../local/supervisor/process-manager';
import type { HealthChecks } from '../../../local/supervisor/until-hung';
import { freePort } from '../../helpers/start-issuer';
import { until } from '../../helpers/until';

let dir: string;
let said: string[];
let manager: ProcessManager;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'kolate-manager-'));
  said = [];
  manager = createManager();
});

afterEach(async () => {
  await manager.stopKind('service', { deadlineMs: 500 });
  rmSync(dir, { recursive: true, force: true });
});

const createManager = (health?: HealthChecks) =>
  createProcessManager({ pidDir: dir, logDir: dir, say: (line) => said.push(line), firstDelayMs: 10, health });

/** A process that says that it is up by a file of its own, and then runs `script`. */
const spec = (name: string, script = '', more: Partial<ProcessSpec> = {}): ProcessSpec => ({
  name,
  command: process.execPath,
  args: [
    '-e',
    `fs.writeFileSync(${JSON.stringify(join(dir, `${name}.up`))}, ''); setInterval(() => 0, 1000); ${script}`,
  ],
  env: {},
  cwd: dir,
  stopSignal: 'SIGTERM',
  ready: async () => existsSync(join(dir, `${name}.up`)),
  readyTimeoutMs: 10_000,
  ...more,
});

const status = async (name: string) => (await manager.status()).find((each) => each.name === name);
const pidFile = (name: string) => JSON.parse(readFileSync(join(dir, `${name}.pid`), 'utf8'));

it('resolves a start when the process is ready, and tells its pid, memory and health', async () => {
  await manager.start({ spec: spec('a'), kind: 'service', port: 1234 });
  const { pid } = pidFile('a');
  expect(await status('a')).toMatchObject({ state: 'ready', healthy: true, pid, port: 1234, restarts: 0 });
  expect((await status('a'))?.memoryBytes).toBeGreaterThan(1_000_000);
});

it('starts a process again that was killed, and says so', async () => {
  await manager.start({ spec: spec('a'), kind: 'service' });
  const { pid } = pidFile('a');
  process.kill(pid, 'SIGKILL');
  await until(async () => (await status('a'))?.restarts === 1 && (await status('a'))?.state === 'ready');
  expect((await status('a'))?.pid).not.toBe(pid);
  expect(said).toEqual([expect.stringMatching(/^a ended \(signal SIGKILL\)/), 'a is back']);
});

describe('health checks', () => {
  const answering = async (name: string, script = '') => {
    const port = await freePort();
    const server = `http.createServer((request, answer) => { answer.statusCode = 503; answer.end() }).listen(${port}, '127.0.0.1');`;
    return spec(name, `${server} ${script}`, {
      alive: async () => (await askPort(port, 'GET / HTTP/1.0\r\n\r\n', 300)) !== '',
    });
  };
  beforeEach(() => {
    manager = createManager({ everyMs: 10, failures: 3 });
  });

  it('start a process again that hangs without ending, and say so', async () => {
    await manager.start({ spec: await answering('a'), kind: 'service' });
    const hanging = pidFile('a');
    process.kill(hanging.pid, 'SIGSTOP');
    await until(async () => (await status('a'))?.restarts === 1 && (await status('a'))?.state === 'ready');
    expect(isAlive(hanging)).toBe(false);
    expect((await status('a'))?.lastExit).toBe('it had not answered 3 health checks in a row');
    expect(said).toEqual([
      expect.stringMatching(/^a ended \(it had not answered 3 health checks in a row\)/),
      'a is back',
    ]);
  });

  it('leave a process alone that answers, whatever it answers, and one that hangs for a moment', async () => {
    manager = createManager({ everyMs: 100, failures: 3 });
    let asked = 0;
    const moody = { ...(await answering('a')), alive: async () => ++asked % 3 === 0 };
    await manager.start({ spec: moody, kind: 'service' });
    await until(() => asked > 9);
    expect(said).toEqual([]);
  });

  it('do not keep a process from being stopped', async () => {
    await manager.start({ spec: await answering('a'), kind: 'service' });
    process.kill(pidFile('a').pid, 'SIGSTOP');
    await manager.stop('a', 100);
    expect(await manager.status()).toEqual([]);
    expect(said).toEqual([]);
  });
});

it('waits longer from crash to crash', async () => {
  const crash = join(dir, 'crash');
  await manager.start({
    spec: spec('b', `setInterval(() => fs.existsSync(${JSON.stringify(crash)}) && process.exit(3), 5)`),
    kind: 'service',
  });
  rmSync(join(dir, 'b.up'));
  writeFileSync(crash, '');
  await until(() => said.filter((line) => line.startsWith('b ended')).length >= 3);
  expect(said.filter((line) => line.startsWith('b ended')).map((line) => line.match(/in ([\d.]+) s/)?.[1])).toEqual(
    expect.arrayContaining(['0.01', '0.02', '0.04']),
  );
});

it('does the preparation before every start', async () => {
  let prepared = 0;
  const prepare = async () => void prepared++;
  await manager.start({ spec: spec('a'), kind: 'service', prepare });
  process.kill(pidFile('a').pid, 'SIGKILL');
  await until(() => prepared === 2);
});

it('fails the first start of a process that ends at once, with its last lines, and leaves nothing behind', async () => {
  const broken = spec('a', 'console.error("no such database"); process.exit(1)', { ready: async () => false });
  await expect(manager.start({ spec: broken, kind: 'service' })).rejects.toThrow('no such database');
  expect(await manager.status()).toEqual([]);
  expect(existsSync(join(dir, 'a.pid'))).toBe(false);
});

it('stops a process that is waiting to be started again', async () => {
  manager = createProcessManager({ pidDir: dir, logDir: dir, say: (line) => said.push(line), firstDelayMs: 60_000 });
  await manager.start({ spec: spec('a'), kind: 'service' });
  process.kill(pidFile('a').pid, 'SIGKILL');
  await until(() => said.length > 0);
  await manager.stop('a');
  expect(await manager.status()).toEqual([]);
});

it('kills what does not end by the deadline', async () => {
  await manager.start({ spec: spec('a', "process.on('SIGTERM', () => 0)"), kind: 'service' });
  const identity = pidFile('a');
  await manager.stop('a', 100);
  expect(isAlive(identity)).toBe(false);
});

it('stops those named last after the others', async () => {
  const report = (name: string) =>
    spec(name, `process.on('SIGTERM', () => { fs.appendFileSync('order', '${name}'); process.exit() })`);
  await Promise.all(['a', 'b'].map((name) => manager.start({ spec: report(name), kind: 'service' })));
  await manager.stopKind('service', { last: ['a'] });
  expect(readFileSync(join(dir, 'order'), 'utf8')).toBe('ba');
});

it('ends what a supervisor left behind that was killed', async () => {
  await manager.start({ spec: spec('a'), kind: 'service' });
  const identity = pidFile('a');
  const ended = await endLeftovers(dir, ['a']);
  expect(ended).toEqual(['a']);
  expect(isAlive(identity)).toBe(false);
});

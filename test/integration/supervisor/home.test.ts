import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deleteHome, openHome } from '../../../local/supervisor/home';
import { ensureHomeSecrets } from '../../../local/supervisor/home-secrets';
import { createHomeState } from '../../../local/supervisor/home-state';
import { holdPorts, PortTaken } from '../../../local/supervisor/ports';
import { stopHome } from '../../../local/supervisor/stop-home';
import { claimHome, readSupervisor, releaseHome } from '../../../local/supervisor/supervisor-lock';
import { freePort } from '../../helpers/start-issuer';

let dir: string;
const squatters: Server[] = [];

/** Somebody else's program on a port. */
async function squat(port: number): Promise<void> {
  const server = createServer();
  squatters.push(server);
  await new Promise<void>((done) => server.listen(port, '127.0.0.1', done));
}

beforeEach(() => {
  dir = join(mkdtempSync(join(tmpdir(), 'kolate-home-')), 'home');
});

afterEach(() => {
  for (const server of squatters.splice(0)) server.close();
  rmSync(join(dir, '..'), { recursive: true, force: true });
});

const release = async (held: Awaited<ReturnType<typeof holdPorts>>) => {
  for (const port of Object.values(held)) await port.release();
};

it('is the same home when it is opened again', async () => {
  const { id } = await openHome(dir, undefined);
  expect((await openHome(dir, undefined)).id).toBe(id);
});

it('is not made in a folder that holds something else', async () => {
  mkdirSync(dir);
  writeFileSync(join(dir, 'thesis.tex'), 'years of work');
  await expect(openHome(dir, undefined)).rejects.toThrow('not empty and not a Kolate home');
});

it('is deleted as a whole', async () => {
  const home = await openHome(dir, undefined);
  writeFileSync(join(home.data, 'rows'), 'x');
  await deleteHome(dir);
  expect(existsSync(join(dir, 'data'))).toBe(false);
  expect(existsSync(join(dir, 'home.json'))).toBe(false);
});

it('leaves a folder alone that is not a home', async () => {
  mkdirSync(dir);
  writeFileSync(join(dir, 'thesis.tex'), 'years of work');
  await expect(deleteHome(dir)).rejects.toThrow('not a Kolate home');
  expect(readFileSync(join(dir, 'thesis.tex'), 'utf8')).toBe('years of work');
});

it('keeps its secrets, in files that the owner alone can read', async () => {
  const home = await openHome(dir, undefined);
  const secrets = await ensureHomeSecrets(home.secrets);
  expect(await ensureHomeSecrets(home.secrets)).toEqual(secrets);
  expect(new Set(Object.values(secrets)).size).toBe(Object.values(secrets).length);
  expect(statSync(join(home.secrets, 'platform/postgres.secret')).mode & 0o077).toBe(0);
});

it('keeps its ports from start to start, and takes another where one has gone', async () => {
  const home = await openHome(dir, undefined);
  const gateway = await freePort();
  const first = await holdPorts(gateway, createHomeState(home.state));
  await release(first);
  await squat(first.kafka.port);
  const second = await holdPorts(gateway, createHomeState(home.state));
  await release(second);
  expect(second.issuer.port).toBe(first.issuer.port);
  expect(second.kafka.port).not.toBe(first.kafka.port);
});

it('says which port is taken and what to do', async () => {
  const home = await openHome(dir, undefined);
  const port = await freePort();
  await squat(port);
  const taken = holdPorts(port, createHomeState(home.state));
  void taken.then(release, () => undefined);
  await expect(taken).rejects.toThrow(PortTaken);
  await expect(taken).rejects.toThrow(new RegExp(`port ${port} is taken.*--port \\d+`));
});

it('has one supervisor at a time, and takes over from one that has gone', async () => {
  const home = await openHome(dir, undefined);
  expect(await claimHome(home.run)).toBeUndefined();
  expect(readSupervisor(home.run)?.pid).toBe(process.pid);
  const init = { pid: 1, startTicks: -1, bootId: 'another boot' };
  writeFileSync(join(home.run, 'supervisor.json'), JSON.stringify(init));
  expect(readSupervisor(home.run)).toBeUndefined();
  expect(await claimHome(home.run)).toBeUndefined();
  releaseHome(home.run);
  expect(readSupervisor(home.run)).toBeUndefined();
});

it('says so when there is nothing to stop', async () => {
  expect(await stopHome(dir)).toContain('not a Kolate home');
  await openHome(dir, undefined);
  expect(await stopHome(dir)).toContain('nothing was running');
});

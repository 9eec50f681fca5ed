import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findTakenPort } from '../../../local/setup/port-check.mjs';

let server: Server;
let port: number;
let root: string;
beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), 'kolate-port-'));
  server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  port = typeof address === 'object' && address ? address.port : 0;
});
afterEach(async () => {
  await new Promise((resolve) => server.close(resolve));
  rmSync(root, { recursive: true });
});

it.each([(n: number) => ['--port', String(n)], (n: number) => ['--detach', `--port=${n}`]])(
  'says in one line that somebody listens on the port of the gateway',
  async (args) => {
    expect(await findTakenPort(args(port), { root, env: {} })).toEqual([
      expect.stringMatching(new RegExp(`^port ${port} is taken: .*--port N`)),
    ]);
  },
);

it('says nothing when the port is free, is none, or may be that of the home’s own platform', async () => {
  expect(await findTakenPort(['--port', 'none'], { root, env: {} })).toEqual([]);
  const home = mkdtempSync(join(root, 'home-'));
  writeFileSync(join(home, 'endpoints.json'), '{}');
  expect(await findTakenPort(['--port', String(port)], { root, env: { KOLATE_HOME: home } })).toEqual([]);
  await new Promise((resolve) => server.close(resolve));
  expect(await findTakenPort(['--port', String(port)], { root, env: {} })).toEqual([]);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});

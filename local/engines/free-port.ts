import { chmodSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { identify, isAlive } from '../setup/process-identity.mjs';
import { loopback } from './engine';

export type HeldPort = {
  readonly port: number;
  /** Just before the process that is to listen there is started. Until we end, no other of our processes takes it. */
  readonly release: () => Promise<void>;
};

/** Linux gives ports from 32768 on to outgoing connections, so a listener up there could find its port taken. */
const first = 10_000;
const last = 32_000;

/** A port of loopback that nobody listens on: `preferred` when it is free, else any. */
export async function holdFreePort(preferred?: number): Promise<HeldPort> {
  for (let attempt = 0; attempt < 200; attempt++) {
    const port =
      attempt === 0 && preferred !== undefined ? preferred : first + Math.floor(Math.random() * (last - first));
    if (!claim(port, port === preferred)) continue;
    const server = await listen(port);
    if (server) return { port, release: () => new Promise((resolve) => server.close(() => resolve())) };
    rmSync(claimFile(port), { force: true });
  }
  throw new Error(`no free port found between ${first} and ${last}`);
}

const claims = join(tmpdir(), 'kolate-ports');
const claimFile = (port: number) => join(claims, String(port));

/** Between the release of a port and its engine's listening another process could pick it, but for this. */
function claim(port: number, again: boolean): boolean {
  mkdirSync(claims, { recursive: true });
  try {
    // Users side by side share the folder.
    chmodSync(claims, 0o1777);
  } catch {
    // Another user's, who has done it.
  }
  try {
    const owner = JSON.parse(readFileSync(claimFile(port), 'utf8'));
    const ours = again && owner.pid === process.pid;
    if (!ours && isAlive(owner)) return false;
    rmSync(claimFile(port), { force: true });
  } catch {
    // Nobody's.
  }
  try {
    writeFileSync(claimFile(port), JSON.stringify(identify(process.pid)), { flag: 'wx' });
    return true;
  } catch {
    return false;
  }
}

function listen(port: number): Promise<Server | undefined> {
  return new Promise((resolve) => {
    const server = createServer((socket) => socket.destroy());
    server.once('error', () => resolve(undefined));
    server.listen({ port, host: loopback, exclusive: true }, () => resolve(server));
  });
}

import { spawn } from 'node:child_process';
import { readdir, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { Readable } from 'node:stream';
import { runCli } from '../../cli/run-cli';
import { clearOwnedFolders, makeOwnedFolder } from '../../local/engines/owned-folder';
import { stopHome } from '../../local/supervisor/stop-home';
import type { PlatformStatus, ProcessStatus } from '../../src/contracts/home';

const prefix = 'kolate-e2e-';
const root = resolve(__dirname, '../..');

export type Ran = { readonly exitCode: number | null; readonly output: string };

/** What a person at a terminal does: npm start, npm stop, kolate. */
export async function createOneMachine() {
  // A platform that was started detached outlives a run of tests that is killed.
  await clearOwnedFolders([prefix], tmpdir(), (folder) => stopHome(join(folder, 'home')));
  const home = join(makeOwnedFolder(prefix), 'home');
  const port = await unclaimedPort();

  const npm = (script: 'start' | 'stop', ...flags: string[]): Promise<Ran> =>
    new Promise((ended, fail) => {
      const child = spawn('npm', [script, '--silent', '--', '--home', home, ...flags], {
        cwd: root,
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      let output = '';
      for (const stream of [child.stdout, child.stderr]) stream.on('data', (part) => (output += part));
      child.on('error', fail);
      child.on('close', (exitCode) => ended({ exitCode, output }));
    });

  /** One command with `--output json`; what it printed, parsed. */
  const kolate = async (line: string, stdin = '') => {
    const written: string[] = [];
    const said: string[] = [];
    const exitCode = await runCli([...line.split(' '), '--output', 'json'], {
      env: { KOLATE_HOME: home },
      stdin: Readable.from(stdin ? [stdin] : []),
      say: (text) => said.push(text),
      write: (text) => written.push(text),
      isTerminal: false,
    });
    return { exitCode, document: JSON.parse(written.join('')), said };
  };

  return {
    home,
    port,
    npm,
    start: (...flags: string[]) => npm('start', '--detach', '--port', String(port), ...flags),
    kolate,
    status: async (): Promise<PlatformStatus> => (await kolate('status')).document,
    processNamed: async (name: string): Promise<ProcessStatus> => {
      const { document } = await kolate('status');
      const found = document.processes.find((each: ProcessStatus) => each.name === name);
      if (!found) throw new Error(`no process ${name} in ${JSON.stringify(document)}`);
      return found;
    },
    /** Command lines of every process that this home started and that still runs. */
    left: () => processesOf(join(home, 'run')),
    remove: () => rm(join(home, '..'), { recursive: true, force: true }),
  };
}

/** Below the ports of outgoing connections, and not held for this process: another one is to take it. */
async function unclaimedPort(): Promise<number> {
  for (;;) {
    const port = 10_000 + Math.floor(Math.random() * 20_000);
    const server = createServer();
    const free = await new Promise<boolean>((resolve) => {
      server.once('error', () => resolve(false));
      server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
    });
    if (free) return port;
  }
}

export type OneMachine = Awaited<ReturnType<typeof createOneMachine>>;

/** Whoever was started by a supervisor has its pid file's path in its environment, and so have its children. */
async function processesOf(pidDir: string): Promise<string[]> {
  const found = await Promise.all(
    (await readdir('/proc'))
      .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
      .map(async (pid) => {
        const environment = await readFile(`/proc/${pid}/environ`, 'latin1').catch(() => '');
        const command = await readFile(`/proc/${pid}/cmdline`, 'latin1').catch(() => '');
        return environment.includes(`${pidDir}/`) ? [command.replaceAll('\0', ' ')] : [];
      }),
  );
  return found.flat();
}

import { type ChildProcessByStdio, spawn } from 'node:child_process';
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
    output(
      spawn('npm', [script, '--silent', '--', '--home', home, ...flags], {
        cwd: root,
        stdio: ['ignore', 'pipe', 'pipe'],
      }),
    );

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

  /** A line as it is typed into a shell in the clone, with the home and the port of this machine. */
  const shell = (line: string): Promise<Ran> =>
    output(
      spawn('bash', ['-o', 'pipefail', '-c', line.replaceAll(':8080', `:${port}`)], {
        cwd: root,
        // Where a shell keeps what is its user's: nobody's own is touched.
        env: { ...process.env, KOLATE_HOME: home, XDG_CONFIG_HOME: join(home, '..', 'config') },
        stdio: ['ignore', 'pipe', 'pipe'],
      }),
    );

  return {
    home,
    port,
    npm,
    shell,
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

function output(child: ChildProcessByStdio<null, Readable, Readable>): Promise<Ran> {
  return new Promise((ended, fail) => {
    let text = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (part) => (text += part));
    child.on('error', fail);
    child.on('close', (exitCode) => ended({ exitCode, output: text }));
  });
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

import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { openSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { build } from 'esbuild';
import { bundleOptions } from '../scripts/bundle-options';
import { cpuSecondsOf } from './harness';

// From the source as from the bundle (dist/…), the clone is where package.json is: benches are started there.
const root = process.cwd();
const startTimeoutMs = 60_000;
const stopTimeoutMs = 5_000;

/** A process of its own that is measured from outside. */
export type Program<R = unknown> = {
  readonly pid: number;
  /** What the program said when it was ready (`process.send`). */
  readonly ready: R;
  cpuSeconds(): number;
  /** Sends `message` and answers the next message that comes back. */
  ask<A>(message: unknown, timeoutMs?: number): Promise<A>;
  stop(): Promise<void>;
};

export type ProgramOptions = {
  readonly execArgv?: readonly string[];
  /** Where its standard output goes; else with ours. */
  readonly logFile?: string;
};

/**
 * Bundles `entry` (a path from the clone's root) as the services are bundled, and runs it in a process of its own until
 * `stop`. The program calls `process.send(…)` once when it is ready.
 */
export async function startProgram<R>(
  entry: string,
  env: Readonly<Record<string, string>> = {},
  { execArgv = [], logFile }: ProgramOptions = {},
): Promise<Program<R>> {
  const child = fork(await bundle(entry), {
    cwd: root,
    env: { ...process.env, ...env },
    execArgv: [...execArgv],
    stdio: ['ignore', logFile === undefined ? 'inherit' : openSync(logFile, 'w'), 'inherit', 'ipc'],
  });
  const pid = child.pid;
  if (pid === undefined) throw new Error(`${entry} could not be started`);
  const ready = await nextMessage<R>(child, entry, startTimeoutMs);
  return {
    pid,
    ready,
    cpuSeconds: () => cpuSecondsOf(pid),
    ask: <A>(message: unknown, timeoutMs = 60_000) => {
      const answer = nextMessage<A>(child, entry, timeoutMs);
      child.send(message as object);
      return answer;
    },
    stop: () => stop(child),
  };
}

/** @returns the path of the bundle: in dist/, so that it finds node_modules, and where the build clears nothing away */
export async function bundle(entry: string): Promise<string> {
  const outfile = join(root, 'dist', 'measured', `${basename(entry, '.ts')}.js`);
  await build({
    entryPoints: [resolve(root, entry)],
    outfile,
    ...bundleOptions,
  });
  return outfile;
}

function nextMessage<T>(child: ChildProcess, entry: string, timeoutMs: number): Promise<T> {
  return new Promise((fulfil, reject) => {
    const done = (act: () => void): void => {
      clearTimeout(timer);
      child.off('message', onMessage).off('exit', onExit);
      act();
    };
    const onMessage = (message: unknown): void => done(() => fulfil(message as T));
    const onExit = (code: number | null): void => done(() => reject(new Error(`${entry} ended with ${code}`)));
    const timer = setTimeout(
      () => done(() => reject(new Error(`${entry} said nothing for ${timeoutMs} ms`))),
      timeoutMs,
    );
    child.on('message', onMessage).on('exit', onExit);
  });
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), stopTimeoutMs);
  await exited;
  clearTimeout(timer);
}

import { type ChildProcess, spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ProcessSpec } from './engine';
import { markerVariable, writePidFile } from './leftover-process';
import { createProcessLog } from './process-log';

export type ProcessExit = {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly error?: Error;
};

export type RunningProcess = {
  readonly name: string;
  readonly pid: number;
  readonly startedAt: Date;
  /** Resolves when it has ended, however that came about. */
  readonly exited: Promise<ProcessExit>;
  /** Resolves when the spec's probe says yes. Rejects, with the last lines it wrote, at its end or the deadline. */
  readonly ready: Promise<void>;
  readonly lastLines: () => readonly string[];
  /** Asks it to end, and kills its whole process group when it has not ended by the deadline. */
  readonly stop: (deadlineMs?: number) => Promise<ProcessExit>;
};

export type ProcessFiles = { readonly pidFile: string; readonly logFile: string };

/** Starts a process in a process group of its own. Call `endLeftover(pidFile)` before: one pid file, one process. */
export function spawnProcess(spec: ProcessSpec, { pidFile, logFile }: ProcessFiles): RunningProcess {
  const log = createProcessLog(logFile);
  const child = spawn(spec.command, [...spec.args], {
    cwd: spec.cwd,
    env: { PATH: process.env.PATH, LANG: 'C.UTF-8', [markerVariable]: pidFile, ...spec.env },
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(spec.uid === undefined ? {} : { uid: spec.uid, gid: spec.gid }),
  });
  if (child.pid !== undefined) writePidFile(pidFile, spec.name, child.pid, spec.stopSignal);
  log.gather(child.stdout);
  log.gather(child.stderr);
  const exited = exitOf(child).then((exit) => {
    rmSync(pidFile, { force: true });
    log.close();
    return exit;
  });
  const pid = child.pid ?? 0;
  const ready = untilReady(spec, exited, log.lastLines);
  // Whoever does not wait for it must not be ended by it.
  ready.catch(() => undefined);
  return {
    ...{ name: spec.name, pid, startedAt: new Date(), exited, ready, lastLines: log.lastLines },
    stop: (deadlineMs = 10_000) => stop(child, spec.stopSignal, exited, deadlineMs),
  };
}

/** Starts it and waits until it is ready; one that does not become ready is ended. */
export async function startProcess(spec: ProcessSpec, files: ProcessFiles): Promise<RunningProcess> {
  const running = spawnProcess(spec, files);
  try {
    await running.ready;
    return running;
  } catch (error) {
    await running.stop();
    throw error;
  }
}

/** `close` and not `exit`: then its last lines have been read. A grandchild may hold the pipes open, so not for ever. */
function exitOf(child: ChildProcess): Promise<ProcessExit> {
  return new Promise((resolve) => {
    child.once('error', (error) => child.pid === undefined && resolve({ code: null, signal: null, error }));
    child.once('close', (code, signal) => resolve({ code, signal }));
    child.once('exit', (code, signal) => setTimeout(() => resolve({ code, signal }), 500).unref());
  });
}

async function untilReady(
  spec: ProcessSpec,
  exited: Promise<ProcessExit>,
  lastLines: () => readonly string[],
): Promise<void> {
  let exit: ProcessExit | undefined;
  void exited.then((value) => {
    exit = value;
  });
  let lastRefusal = '';
  const deadline = Date.now() + spec.readyTimeoutMs;
  for (let pause = 10; Date.now() < deadline; pause = Math.min(pause * 1.5, 100)) {
    await sleep(pause);
    if (exit) throw new Error(explain(`${spec.name} ended before it was ready (${describeExit(exit)})`, lastLines()));
    const yes = await spec.ready().catch((error: unknown) => {
      lastRefusal = error instanceof Error && error.message ? ` (${error.message})` : '';
    });
    if (yes && !exit) return;
  }
  throw new Error(explain(`${spec.name} was not ready after ${spec.readyTimeoutMs} ms${lastRefusal}`, lastLines()));
}

export const describeExit = ({ code, signal, error }: ProcessExit): string =>
  error ? error.message : signal ? `signal ${signal}` : `exit code ${code}`;

const explain = (what: string, lines: readonly string[]): string =>
  lines.length === 0 ? what : `${what}; its last lines:\n${lines.slice(-12).join('\n')}`;

async function stop(child: ChildProcess, signal: NodeJS.Signals, exited: Promise<ProcessExit>, deadlineMs: number) {
  child.kill(signal);
  const timer = setTimeout(() => {
    if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
    try {
      process.kill(-child.pid, 'SIGKILL');
    } catch {
      child.kill('SIGKILL');
    }
  }, deadlineMs);
  const exit = await exited;
  clearTimeout(timer);
  return exit;
}

import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { ProcessKind, ProcessState, ProcessStatus } from '../../src/contracts/home';
import type { ProcessSpec } from '../engines/engine';
import { endLeftover } from '../engines/leftover-process';
import { describeExit, type RunningProcess, spawnProcess } from '../engines/spawn-process';
import { memoryOf, readProcessTree } from './process-memory';
import { type HealthChecks, healthChecks, untilHung } from './until-hung';

export type ManagedProcess = {
  readonly spec: ProcessSpec;
  readonly kind: ProcessKind;
  readonly port?: number;
  /** Before every start, after what was left of an earlier one has been ended. */
  readonly prepare?: () => Promise<void>;
};

export type ProcessManager = {
  /** Resolves when it is ready. From then on it is started again, later and later, whenever it ends by itself. */
  start(process: ManagedProcess): Promise<void>;
  /** Resolves when it has ended; one that is not known has. It is killed when it has not ended by the deadline. */
  stop(name: string, deadlineMs?: number): Promise<void>;
  /** Stops every process of a kind at once, but for those that `last` names, which follow. Answers how many there were. */
  stopKind(
    kind: ProcessKind,
    options?: { readonly deadlineMs?: number; readonly last?: readonly string[] },
  ): Promise<number>;
  status(): Promise<ProcessStatus[]>;
  /** From now on every start fails: everything is about to be stopped. */
  refuseStarts(): void;
};

type Deps = {
  readonly pidDir: string;
  readonly logDir: string;
  /** Tells people that something ended and came back. */
  readonly say: (line: string) => void;
  readonly firstDelayMs?: number;
  readonly health?: HealthChecks;
};

type Entry = {
  readonly process: ManagedProcess;
  readonly ending: AbortController;
  state: ProcessState;
  running: RunningProcess | undefined;
  restarts: number;
  lastExit: string | undefined;
  watched: Promise<void>;
};

const maxDelayMs = 30_000;
/** To end by itself after it was found to hang. */
const hungDeadlineMs = 3_000;
/** Who has run so long is well again: the next crash is answered at once. */
const stableMs = 60_000;

/** Keeps processes running. One pid file and one log a process, named after it. */
export function createProcessManager(deps: Deps): ProcessManager {
  const { pidDir, logDir, say, firstDelayMs = 200, health = healthChecks } = deps;
  const entries = new Map<string, Entry>();
  let refusing = false;

  async function launch(entry: Entry): Promise<void> {
    const { spec, prepare } = entry.process;
    const pidFile = join(pidDir, `${spec.name}.pid`);
    await endLeftover(pidFile);
    await prepare?.();
    if (entry.ending.signal.aborted) throw new Error(`${spec.name} is being stopped`);
    entry.running = spawnProcess(spec, { pidFile, logFile: join(logDir, `${spec.name}.jsonl`) });
    await entry.running.ready;
    entry.state = 'ready';
  }

  async function relaunch(entry: Entry, failures: number): Promise<boolean> {
    const { name } = entry.process.spec;
    const pauseMs = Math.min(maxDelayMs, firstDelayMs * 2 ** failures);
    say(`${name} ended (${entry.lastExit}); starting it again in ${pauseMs / 1_000} s`);
    await delay(pauseMs, undefined, { signal: entry.ending.signal }).catch(() => undefined);
    if (entry.ending.signal.aborted) return false;
    entry.restarts += 1;
    try {
      await launch(entry);
      say(`${name} is back`);
      return true;
    } catch (error) {
      await entry.running?.stop();
      entry.lastExit = error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error);
      return false;
    }
  }

  /** Resolves to why it ended; one that hangs is ended here. */
  async function ended({ process: { spec }, running, state, ending }: Entry): Promise<string | undefined> {
    if (!running) return undefined;
    const gone = new AbortController();
    const signal = AbortSignal.any([ending.signal, gone.signal]);
    const hung = state === 'ready' ? untilHung(spec.alive ?? spec.ready, health, signal) : Promise.resolve(false);
    void hung.then(async (hangs) => {
      if (hangs) await running.stop(hungDeadlineMs);
    });
    const exit = await running.exited;
    gone.abort();
    return (await hung) ? `it had not answered ${health.failures} health checks in a row` : describeExit(exit);
  }

  /** Until it is stopped. */
  async function watch(entry: Entry): Promise<void> {
    for (let failures = 0; !entry.ending.signal.aborted; ) {
      const { running } = entry;
      const exit = await ended(entry);
      if (entry.ending.signal.aborted) return;
      const ranMs = running ? Date.now() - running.startedAt.getTime() : 0;
      if (entry.state === 'ready' && ranMs > stableMs) failures = 0;
      if (entry.state === 'ready' && exit) entry.lastExit = exit;
      entry.state = 'restarting';
      await relaunch(entry, failures);
      failures += 1;
    }
  }

  async function stop(name: string, deadlineMs = 10_000): Promise<void> {
    const entry = entries.get(name);
    if (!entry) return;
    entry.ending.abort();
    entry.state = 'stopping';
    await entry.running?.stop(deadlineMs);
    await entry.watched;
    // A start that was under way may have made a process after the look above.
    await entry.running?.stop(deadlineMs);
    entries.delete(name);
  }

  return {
    async start(process) {
      const { name } = process.spec;
      if (refusing) throw new Error(`${name} is not started any more: the platform is being stopped`);
      if (entries.has(name)) throw new Error(`${name} is running already`);
      const fresh: Omit<Entry, 'process'> = {
        ending: new AbortController(),
        state: 'starting',
        running: undefined,
        restarts: 0,
        lastExit: undefined,
        watched: Promise.resolve(),
      };
      const entry: Entry = { process, ...fresh };
      entries.set(name, entry);
      const launched = launch(entry);
      entry.watched = launched.then(
        () => undefined,
        () => undefined,
      );
      try {
        await launched;
      } catch (error) {
        await entry.running?.stop();
        entries.delete(name);
        throw error;
      }
      entry.watched = watch(entry);
    },
    stop,
    refuseStarts() {
      refusing = true;
    },
    async stopKind(kind, { deadlineMs, last = [] } = {}) {
      const names = [...entries.values()]
        .filter((entry) => entry.process.kind === kind)
        .map((entry) => entry.process.spec.name);
      await Promise.all(names.filter((name) => !last.includes(name)).map((name) => stop(name, deadlineMs)));
      await Promise.all(names.filter((name) => last.includes(name)).map((name) => stop(name, deadlineMs)));
      return names.length;
    },
    async status() {
      const tree = readProcessTree();
      return Promise.all([...entries.values()].map((entry) => statusOf(entry, tree)));
    },
  };
}

async function statusOf(entry: Entry, tree: ReadonlyMap<number, readonly number[]>): Promise<ProcessStatus> {
  const { process, state, running, restarts, lastExit } = entry;
  const alive = running !== undefined && (state === 'ready' || state === 'starting');
  const healthy = state === 'ready' && (await process.spec.ready().catch(() => false));
  return {
    name: process.spec.name,
    kind: process.kind,
    state,
    healthy,
    restarts,
    ...(alive
      ? { pid: running.pid, startedAt: running.startedAt.toISOString(), memoryBytes: memoryOf(running.pid, tree) }
      : {}),
    ...(process.port === undefined ? {} : { port: process.port }),
    ...(lastExit === undefined ? {} : { lastExit }),
  };
}

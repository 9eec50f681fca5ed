import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Engine, EngineOptions, EnginePaths } from '../../local/engines/engine';
import { findEnginePaths } from '../../local/engines/engine-paths';
import { holdFreePort } from '../../local/engines/free-port';
import { endLeftover } from '../../local/engines/leftover-process';
import { type RunningProcess, startProcess } from '../../local/engines/spawn-process';
import { identify } from '../../local/setup/process-identity.mjs';

/** Engines of one test file's own, for tests that stop and kill them. */
export type OwnEngines = {
  readonly paths: EnginePaths;
  readonly home: string;
  port(): Promise<number>;
  place(name: string): Promise<EngineOptions>;
  start<E>(engine: Engine<E>): Promise<RunningProcess>;
  /** Stops what runs and removes the data. */
  end(): Promise<void>;
};

export function createOwnEngines(): OwnEngines {
  const home = mkdtempSync(join(tmpdir(), 'kolate-test-own-'));
  // The next run clears up after one that was killed, by this file.
  writeFileSync(join(home, 'owner.json'), JSON.stringify(identify(process.pid)));
  // Engines may run under another account, which has to be able to enter.
  chmodSync(home, 0o755);
  const paths = findEnginePaths();
  const running: RunningProcess[] = [];
  const port = async () => {
    const held = await holdFreePort();
    await held.release();
    return held.port;
  };
  return {
    paths,
    home,
    port,
    place: async (name) => ({ name, dir: join(home, name), port: await port(), paths }),
    async start({ spec, prepare }) {
      const pidFile = join(home, `${spec.name}.pid`);
      await endLeftover(pidFile);
      await prepare();
      const one = await startProcess(spec, { pidFile, logFile: join(home, `${spec.name}.log`) });
      running.push(one);
      return one;
    },
    async end() {
      for (const one of running.reverse()) await one.stop();
      rmSync(home, { recursive: true, force: true });
    },
  };
}

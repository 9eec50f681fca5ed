import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Engine, EngineOptions, EnginePaths } from '../../local/engines/engine';
import { findEnginePaths } from '../../local/engines/engine-paths';
import { holdFreePort } from '../../local/engines/free-port';
import { endLeftover } from '../../local/engines/leftover-process';
import { makeOwnedFolder } from '../../local/engines/owned-folder';
import { type RunningProcess, startProcess } from '../../local/engines/spawn-process';

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
  const home = makeOwnedFolder('kolate-test-own-');
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

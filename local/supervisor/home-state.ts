import { readJsonFile, writePrivateJson } from '../../cli/private-file';
import { type HeldPort, holdFreePort } from '../engines/free-port';

type State = {
  /** By the name of the process, and what the port is for: kept, so that addresses stay the same over restarts. */
  readonly ports: Readonly<Record<string, number>>;
  /** When the demo was done. */
  readonly demoDoneAt?: string;
};

export type HomeState = {
  read(): Promise<State>;
  /** A free port for `name`, the one it had before where that is free. Held until it is released. */
  holdPort(name: string): Promise<HeldPort>;
  demoDone(at: Date): Promise<void>;
};

/** What a home remembers between starts, in a file that is written as a whole. */
export function createHomeState(file: string): HomeState {
  let last: Promise<unknown> = Promise.resolve();
  const read = async (): Promise<State> => (await readJsonFile<State>(file)) ?? { ports: {} };
  const change = (edit: (state: State) => State): Promise<void> => {
    const changed = last.then(async () => writePrivateJson(file, edit(await read())));
    last = changed.catch(() => undefined);
    return changed;
  };
  return {
    read,
    async holdPort(name) {
      const held = await holdFreePort((await read()).ports[name]);
      await change((state) => ({ ...state, ports: { ...state.ports, [name]: held.port } }));
      return held;
    },
    demoDone: (at) => change((state) => ({ ...state, demoDoneAt: at.toISOString() })),
  };
}

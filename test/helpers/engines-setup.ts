import { clearOwnedFolders, makeOwnedFolder } from '../../local/engines/owned-folder';
import { type EngineHost, startEngineHost } from './engine-host';

declare global {
  var kolateEngineHost: { host: EngineHost; home: string } | undefined;
}

/** Of every folder in which a test, or a benchmark, runs engines. */
const prefixes = ['kolate-test-', 'kolate-broker-', 'kolate-bench-', 'kolate-stacks-'];

/** Jest's globalSetup for the projects that need engines: clears up after killed runs, then waits to be asked for engines. */
export default async function setUpEngines(): Promise<void> {
  await clearOwnedFolders(prefixes);
  const home = makeOwnedFolder('kolate-test-');
  const host = await startEngineHost(home);
  globalThis.kolateEngineHost = { host, home };
  process.env.KOLATE_TEST_ENGINES = host.socket;
}

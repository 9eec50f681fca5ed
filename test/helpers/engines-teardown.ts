import { rmSync } from 'node:fs';

/** Jest's globalTeardown: ends every engine of this run and removes its data. */
export default async function tearDownEngines(): Promise<void> {
  const engines = globalThis.kolateEngineHost;
  if (!engines) return;
  await engines.host.stop();
  rmSync(engines.home, { recursive: true, force: true });
}

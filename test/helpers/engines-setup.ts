import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { endLeftover } from '../../local/engines/leftover-process';
import { identify, isAlive } from '../../local/setup/process-identity.mjs';
import { type EngineHost, startEngineHost } from './engine-host';

declare global {
  var kolateEngineHost: { host: EngineHost; home: string } | undefined;
}

const prefix = 'kolate-test-';

/** Jest's globalSetup for the projects that need engines: clears up after killed runs, then waits to be asked for engines. */
export default async function setUpEngines(): Promise<void> {
  await clearKilledRuns();
  const home = mkdtempSync(join(tmpdir(), prefix));
  // Engines may run under another account, which has to be able to enter.
  chmodSync(home, 0o755);
  writeFileSync(join(home, 'owner.json'), JSON.stringify(identify(process.pid)));
  const host = await startEngineHost(home);
  globalThis.kolateEngineHost = { host, home };
  process.env.KOLATE_TEST_ENGINES = host.socket;
}

async function clearKilledRuns(): Promise<void> {
  for (const name of readdirSync(tmpdir())) {
    if (!name.startsWith(prefix)) continue;
    const home = join(tmpdir(), name);
    if (ownerLives(home)) continue;
    const pidFiles = readdirSync(home).filter((file) => file.endsWith('.pid'));
    for (const file of pidFiles) await endLeftover(join(home, file), 3_000);
    rmSync(home, { recursive: true, force: true });
  }
}

function ownerLives(home: string): boolean {
  try {
    return isAlive(JSON.parse(readFileSync(join(home, 'owner.json'), 'utf8')));
  } catch {
    // Another run has just made it, or is about to remove it.
    return true;
  }
}

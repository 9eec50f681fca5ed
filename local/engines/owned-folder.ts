import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { identify, isAlive } from '../setup/process-identity.mjs';
import { endLeftover } from './leftover-process';

const ownerFile = 'owner.json';
/** Nobody takes so long from making a folder to writing down whose it is. */
const namelessMs = 3_600_000;

/** A folder in the temp folder for engines and their pid files. It says whose it is, so that others can tell when nobody's. */
export function makeOwnedFolder(prefix: string, parent = tmpdir()): string {
  const folder = mkdtempSync(join(parent, prefix));
  // Engines may run under another account, which has to be able to enter.
  chmodSync(folder, 0o755);
  writeFileSync(join(folder, ownerFile), JSON.stringify(identify(process.pid)));
  return folder;
}

/**
 * Ends the processes, and removes the folders, of owners that were killed; those of the living stay, and so does every
 * process that is not ours by pid, start and boot, or by its marker. `stop` ends first what would start others again.
 */
export async function clearOwnedFolders(
  prefixes: readonly string[],
  parent = tmpdir(),
  stop?: (folder: string) => Promise<unknown>,
): Promise<void> {
  const folders = readdirSync(parent).filter((name) => prefixes.some((prefix) => name.startsWith(prefix)));
  for (const folder of folders.map((name) => join(parent, name))) {
    if (mayBeOwned(folder)) continue;
    await stop?.(folder);
    for (const pidFile of [...pidFilesIn(folder), ...pidFilesIn(join(folder, 'run'))])
      await endLeftover(pidFile, 3_000);
    rmSync(folder, { recursive: true, force: true });
  }
}

const pidFilesIn = (folder: string): string[] =>
  (existsSync(folder) ? readdirSync(folder) : [])
    .filter((file) => file.endsWith('.pid'))
    .map((file) => join(folder, file));

function mayBeOwned(folder: string): boolean {
  try {
    return isAlive(JSON.parse(readFileSync(join(folder, ownerFile), 'utf8')));
  } catch {
    // Just made, or about to be removed, unless it is old.
    const made = statSync(folder, { throwIfNoEntry: false })?.mtimeMs ?? Date.now();
    return Date.now() - made < namelessMs;
  }
}

import { existsSync } from 'node:fs';
import { chown, mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { run } from '../setup/run.mjs';
import type { OsUser } from './engine';

/** A folder that only the engine's account can read. */
export async function makeOwnDir(dir: string, user: OsUser | undefined): Promise<void> {
  await mkdir(dir, { recursive: true, mode: 0o700 });
  if (user) await chown(dir, user.uid, user.gid);
}

export async function writeOwnFile(path: string, text: string, user: OsUser | undefined): Promise<void> {
  const part = `${path}.part`;
  await writeFile(part, text, { mode: 0o600 });
  if (user) await chown(part, user.uid, user.gid);
  await rename(part, path);
}

/**
 * Copies a prepared folder, sharing blocks where the file system can, and lets `finish` change the copy before it gets
 * its name: a `dir` that exists is complete.
 */
export async function cloneOnce(template: string, dir: string, finish: (copy: string) => Promise<void>): Promise<void> {
  if (existsSync(dir)) return;
  const part = `${dir}.part`;
  await rm(part, { recursive: true, force: true });
  await run('cp', ['-a', '--reflink=auto', template, part]);
  await finish(part);
  await rename(part, dir);
}

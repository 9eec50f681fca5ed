import { existsSync } from 'node:fs';
import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { withLock } from './lock.mjs';

/**
 * Makes `dir` by `install(temporary folder)` unless it is there already. What is interrupted leaves no half of it, and
 * two processes that want it at once install it once.
 * @param {string} dir
 * @param {string} title
 * @param {ReturnType<typeof import('./progress.mjs').createProgress>} progress
 * @param {(work: string, report: (text: string) => void) => Promise<void>} install
 */
export async function installOnce(dir, title, progress, install) {
  if (existsSync(dir)) return;
  await mkdir(dirname(dir), { recursive: true, mode: 0o755 });
  const onWait = (pid) => progress.line(`${title}: waiting for process ${pid}, which installs it`);
  await withLock(`${dir}.lock`, () => installUnderLock(dir, title, progress, install), { onWait });
}

async function installUnderLock(dir, title, progress, install) {
  if (existsSync(dir)) return;
  await removeLeftovers(dir);
  const work = `${dir}.${process.pid}.tmp`;
  await mkdir(work, { mode: 0o755 });
  try {
    await progress.step(title, (report) => install(work, report));
    await rename(work, dir);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** Of an install that was killed; we hold the lock, so nobody works in them. */
async function removeLeftovers(dir) {
  const pattern = new RegExp(`^${basename(dir).replaceAll('.', '\\.')}\\.\\d+\\.tmp$`);
  for (const name of await readdir(dirname(dir))) {
    if (pattern.test(name)) await rm(join(dirname(dir), name), { recursive: true, force: true });
  }
}

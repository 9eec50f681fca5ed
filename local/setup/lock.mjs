// A lock between processes as a file with its owner's identity: a lock whose owner is gone is taken over.
import { readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { identify, isAlive } from './process-identity.mjs';

/**
 * Runs `act` while holding the lock at `path`, whose folder has to exist.
 * @template T
 * @param {string} path
 * @param {() => Promise<T>} act
 * @param {{ timeoutMs?: number, onWait?: (ownerPid: number) => void }} options
 * @returns {Promise<T>}
 */
export async function withLock(path, act, { timeoutMs = 900_000, onWait } = {}) {
  const deadline = Date.now() + timeoutMs;
  let told = false;
  while (!take(path)) {
    const owner = ownerOf(path);
    if (!owner.alive) {
      breakStale(path);
    } else if (!told && owner.pid !== undefined) {
      told = true;
      onWait?.(owner.pid);
    }
    if (Date.now() > deadline) throw new Error(`${path} is held by process ${owner.pid}; gave up waiting`);
    await sleep(50 + Math.random() * 50);
  }
  try {
    return await act();
  } finally {
    rmSync(path, { force: true });
  }
}

function take(path) {
  try {
    writeFileSync(path, JSON.stringify(identify(process.pid)), { flag: 'wx' });
    return true;
  } catch (error) {
    if (error.code === 'EEXIST') return false;
    throw error;
  }
}

/** A file that cannot be read yet may be one that its owner is just writing, so it counts as alive while it is fresh. */
function ownerOf(path) {
  try {
    const identity = JSON.parse(readFileSync(path, 'utf8'));
    return { pid: identity.pid, alive: isAlive(identity) };
  } catch {
    return { pid: undefined, alive: isFresh(path) };
  }
}

/** Only one waiter at a time may remove a dead owner's lock: without that, a second could remove the first one's new lock. */
function breakStale(path) {
  const breaking = `${path}.break`;
  if (!take(breaking)) {
    if (!isFresh(breaking)) rmSync(breaking, { force: true });
    return;
  }
  if (!ownerOf(path).alive) rmSync(path, { force: true });
  rmSync(breaking, { force: true });
}

function isFresh(path) {
  const stat = statSync(path, { throwIfNoEntry: false });
  return stat !== undefined && Date.now() - stat.mtimeMs < 5_000;
}

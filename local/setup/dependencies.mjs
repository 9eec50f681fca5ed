import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { withLock } from './lock.mjs';
import { withNode } from './node.mjs';
import { run } from './run.mjs';

/**
 * `npm ci` when node_modules does not fit package-lock.json.
 * @param {{ root: string, node: string, cacheRoot: string, progress: ReturnType<typeof import('./progress.mjs').createProgress> }} options
 */
export async function ensureDependencies({ root, node, cacheRoot, progress }) {
  const stampFile = join(root, 'node_modules/.kolate-stamp');
  const stamp = hash(`${readFileSync(join(root, 'package-lock.json'))}${process.platform}${process.arch}`);
  const isStamped = () => existsSync(stampFile) && readFileSync(stampFile, 'utf8') === stamp;
  if (isStamped()) return;
  mkdirSync(cacheRoot, { recursive: true, mode: 0o755 });
  // Outside of node_modules, which npm ci removes; two clones do not wait for one another.
  await withLock(join(cacheRoot, `dependencies-${hash(root).slice(0, 12)}.lock`), async () => {
    if (isStamped()) return;
    if (!fits(root)) {
      await progress.step('npm packages', () =>
        run('npm', ['ci', '--loglevel=error'], { cwd: root, env: withNode(node), timeoutMs: 900_000 }),
      );
    }
    writeFileSync(stampFile, stamp);
  });
}

export const areDependenciesThere = (root) => existsSync(join(root, 'node_modules/.kolate-stamp')) || fits(root);

/** npm keeps what it has installed in a lock file of its own; one who ran `npm install` by hand needs no second one. */
function fits(root) {
  try {
    const read = (path) => JSON.parse(readFileSync(join(root, path), 'utf8')).packages;
    const installed = read('node_modules/.package-lock.json');
    return Object.entries(read('package-lock.json')).every(
      ([path, { version, optional }]) => path === '' || installed[path]?.version === version || optional,
    );
  } catch {
    return false;
  }
}

const hash = (text) => createHash('sha256').update(text).digest('hex');

import { renameSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { installOnce } from './install-once.mjs';
import { versions } from './layout.mjs';
import { run } from './run.mjs';

/** The Node that runs us will do. */
export const isNodeRecent = (version = process.versions.node) => Number(version.split('.')[0]) >= Number(versions.node);

/**
 * The Node to run everything with: ours when it is recent enough, else one from npm in the cache.
 * @param {ReturnType<typeof import('./layout.mjs').cacheLayout>} layout
 * @param {ReturnType<typeof import('./progress.mjs').createProgress>} progress
 * @returns {Promise<string>} the program
 */
export async function ensureNode(layout, progress) {
  if (isNodeRecent()) return process.execPath;
  const title = `Node ${versions.node} (this one is ${process.versions.node})`;
  await installOnce(layout.node, title, progress, async (work) => {
    const name = `node-linux-${process.arch}`;
    const quiet = ['--no-save', '--ignore-scripts', '--no-audit', '--no-fund', '--no-package-lock', '--loglevel=error'];
    await run('npm', ['install', '--prefix', work, ...quiet, `${name}@${versions.node}`], { cwd: work });
    renameSync(join(work, 'node_modules', name, 'bin'), join(work, 'bin'));
    await rm(join(work, 'node_modules'), { recursive: true });
  });
  return join(layout.node, 'bin/node');
}

/**
 * The environment for everything that is run with `node`: scripts that say `#!/usr/bin/env node` get it too.
 * @param {string} node
 */
export const withNode = (node, env = process.env) => ({ ...env, PATH: `${dirname(node)}:${env.PATH ?? ''}` });

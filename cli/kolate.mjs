#!/usr/bin/env node
// npx kolate: brings Node 24, packages and our own build up to date where they are not, then runs cli/main.ts.
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { areDependenciesThere, ensureDependencies } from '../local/setup/dependencies.mjs';
import { cacheLayout, cacheRoot } from '../local/setup/layout.mjs';
import { ensureNode, isNodeRecent, withNode } from '../local/setup/node.mjs';
import { passThrough } from '../local/setup/pass-through.mjs';
import { createProgress } from '../local/setup/progress.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const main = join(root, 'dist/cli/main.js');

async function run() {
  const layout = cacheLayout(cacheRoot());
  const progress = createProgress();
  const node = await ensureNode(layout, progress);
  if (!areDependenciesThere(root)) await ensureDependencies({ root, node, cacheRoot: layout.root, progress });
  const { build } = await import(pathToFileURL(join(root, 'scripts/build.mjs')).href);
  await build();
  if (isNodeRecent()) await import(pathToFileURL(main).href);
  else
    process.exit(
      await passThrough(node, [main, ...process.argv.slice(2)], { env: withNode(node), sharesTerminal: true }),
    );
}

run().catch((error) => {
  process.stderr.write(`${error instanceof Error ? error.message : error}\n`);
  process.exit(1);
});

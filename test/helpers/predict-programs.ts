import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { buildSync } from 'esbuild';
import { bundleOptions } from '../../scripts/bundle-options';

const root = resolve(__dirname, '../..');
const folder = join(root, 'src/services/predict/inference');

/**
 * Builds the programs that the inference engine starts, below node_modules so that they find their packages. The folder is named
 * by what is in it and appears whole, so that test files may build side by side.
 */
export function buildPredictPrograms(): { modelProcess: string; watchdogThread: string } {
  const { outputFiles } = buildSync({
    entryPoints: [join(folder, 'model-process.ts'), join(folder, 'watchdog-thread.ts')],
    outdir: root,
    write: false,
    ...bundleOptions,
  });
  const hash = createHash('sha256');
  for (const { contents } of outputFiles) hash.update(contents);
  const built = join(root, 'node_modules/.cache/kolate-test', hash.digest('hex').slice(0, 16));
  if (!existsSync(built)) {
    const making = `${built}.${process.pid}`;
    mkdirSync(making, { recursive: true });
    for (const { path, contents } of outputFiles) writeFileSync(join(making, basename(path)), contents);
    try {
      renameSync(making, built);
    } catch {
      // Another test file was first, with the same contents.
      rmSync(making, { recursive: true, force: true });
    }
  }
  return { modelProcess: join(built, 'model-process.js'), watchdogThread: join(built, 'watchdog-thread.js') };
}

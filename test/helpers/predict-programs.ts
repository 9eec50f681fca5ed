import { join, resolve } from 'node:path';
import { buildSync } from 'esbuild';

const root = resolve(__dirname, '../..');
const folder = join(root, 'src/services/predict/inference');

/** Builds the programs that the inference engine starts, below node_modules so that they find their packages. */
export function buildPredictPrograms(): { modelProcess: string; watchdogThread: string } {
  const outdir = join(root, 'node_modules/.cache/kolate-test', String(process.pid));
  buildSync({
    entryPoints: [join(folder, 'model-process.ts'), join(folder, 'watchdog-thread.ts')],
    outdir,
    bundle: true,
    packages: 'external',
    platform: 'node',
    format: 'cjs',
    target: 'node24',
    logLevel: 'error',
  });
  return { modelProcess: join(outdir, 'model-process.js'), watchdogThread: join(outdir, 'watchdog-thread.js') };
}

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildSync } from 'esbuild';

declare global {
  var kolateSynthesized: { folder: string; app: string } | undefined;
}

/**
 * Jest's globalSetup for the infra project: where the run's syntheses go (test/helpers/synthesized.ts), and the app that
 * makes them, bundled from the sources as they are now.
 */
export default function setUpSynthesis(): void {
  const root = process.cwd();
  // Beside the build's own, at the same depth, so that it finds node_modules and whatever it reads.
  const app = join(root, 'dist', 'tested', `kolate-${process.pid}.js`);
  buildSync({
    entryPoints: [join(root, 'bin/kolate.ts')],
    outfile: app,
    bundle: true,
    packages: 'external',
    platform: 'node',
    format: 'cjs',
    target: 'node24',
    logLevel: 'error',
  });
  const folder = mkdtempSync(join(tmpdir(), 'kolate-synthesized-'));
  globalThis.kolateSynthesized = { folder, app };
  Object.assign(process.env, { KOLATE_TEST_SYNTHESIZED: folder, KOLATE_TEST_APP: app });
}

/** Jest's globalTeardown. */
export function tearDownSynthesis(): void {
  const made = globalThis.kolateSynthesized;
  if (!made) return;
  rmSync(made.folder, { recursive: true, force: true });
  rmSync(made.app, { force: true });
}

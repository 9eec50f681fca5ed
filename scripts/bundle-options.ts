import type { BuildOptions } from 'esbuild';

/** How programs are bundled, as `build.mjs` does it for all of them: packages stay outside, for Node as it is run. */
export const bundleOptions = {
  bundle: true,
  packages: 'external',
  platform: 'node',
  format: 'cjs',
  target: 'node24',
  logLevel: 'error',
} as const satisfies BuildOptions;

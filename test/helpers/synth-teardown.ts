import { rmSync } from 'node:fs';

/** Jest's globalTeardown: removes what the run synthesized. */
export default function tearDownSynthesis(): void {
  if (globalThis.kolateSynthesized) rmSync(globalThis.kolateSynthesized, { recursive: true, force: true });
}

import { execFileSync } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

declare global {
  var kolateSynthesized: string | undefined;
}

/**
 * Jest's globalSetup for the infra project: brings dist/ up to date, which holds the app and the functions that it
 * deploys, and says where the run's syntheses go (test/helpers/synthesized.ts).
 */
export default function setUpSynthesis(): void {
  execFileSync(process.execPath, [join(process.cwd(), 'scripts/build.mjs')], { stdio: 'inherit', timeout: 120_000 });
  const folder = mkdtempSync(join(tmpdir(), 'kolate-synthesized-'));
  globalThis.kolateSynthesized = folder;
  process.env.KOLATE_TEST_SYNTHESIZED = folder;
}

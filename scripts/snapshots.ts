import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { readAssembly } from '../lib/assembly/read-assembly';
import { snapshotsOf } from './aws/snapshots';
import { environmentNames, synthesize } from './aws/synthesize';
import { runScript } from './command/run-script';

const usage = `npm run snapshots
Writes test/infra/snapshots/ anew from what the app synthesizes now, without what is an account's own (account, region,
domain, addresses, certificate, delivery). What changed is for review.
Example: npm run snapshots && git diff test/infra/snapshots`;

const snapshots = join(process.cwd(), 'test/infra/snapshots');

function writeSnapshots(work: string): void {
  for (const environment of environmentNames) {
    const folder = join(work, environment);
    synthesize(join(process.cwd(), 'dist/scripts/synth-neutral.js'), environment, folder);
    rmSync(join(snapshots, environment), { recursive: true, force: true });
    for (const [file, text] of snapshotsOf(readAssembly(folder))) {
      mkdirSync(dirname(join(snapshots, file)), { recursive: true });
      writeFileSync(join(snapshots, file), text);
    }
  }
}

runScript({ usage, options: {} }, () => {
  const work = mkdtempSync(join(tmpdir(), 'kolate-snapshots-'));
  try {
    writeSnapshots(work);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
  return 0;
});

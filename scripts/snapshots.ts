import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { readAssembly } from '../lib/assembly/read-assembly';
import { snapshotsOf } from './aws/snapshots';
import { environmentNames, synthesize } from './aws/synthesize';

// `npm run snapshots` writes test/infra/snapshots/ anew from what the app synthesizes now. What changed is for review.
const snapshots = join(process.cwd(), 'test/infra/snapshots');

function writeSnapshots(work: string): void {
  for (const environment of environmentNames) {
    const folder = join(work, environment);
    synthesize(join(process.cwd(), 'dist/bin/kolate.js'), environment, folder);
    rmSync(join(snapshots, environment), { recursive: true, force: true });
    for (const [file, text] of snapshotsOf(readAssembly(folder))) {
      mkdirSync(dirname(join(snapshots, file)), { recursive: true });
      writeFileSync(join(snapshots, file), text);
    }
  }
}

const work = mkdtempSync(join(tmpdir(), 'kolate-snapshots-'));
try {
  writeSnapshots(work);
} finally {
  rmSync(work, { recursive: true, force: true });
}

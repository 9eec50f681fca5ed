import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { withDiagram } from '../lib/assembly/diagram';
import { readAssembly } from '../lib/assembly/read-assembly';
import { synthesize } from './aws/synthesize';
import { runScript } from './command/run-script';

const usage = `npm run diagram
Draws the stacks of prod, as they are synthesized now, into docs/aws-architecture.md, between its markers.
Example: npm run diagram && git diff docs/aws-architecture.md`;

runScript({ usage, options: {} }, () => {
  const page = join(process.cwd(), 'docs/aws-architecture.md');
  const work = mkdtempSync(join(tmpdir(), 'kolate-diagram-'));
  try {
    synthesize(join(process.cwd(), 'dist/scripts/synth-neutral.js'), 'prod', work);
    writeFileSync(page, withDiagram(readFileSync(page, 'utf8'), readAssembly(work)));
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
  return 0;
});

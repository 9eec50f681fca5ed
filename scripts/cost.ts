import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { Assembly } from '../lib/assembly/assembly';
import { readAssembly } from '../lib/assembly/read-assembly';
import { estimate } from '../lib/cost/estimate';
import { differenceText, estimateText } from '../lib/cost/estimate-text';
import { tenantEstimates } from '../lib/cost/tenant-tiers';
import { usageOf } from '../lib/cost/usage';
import { environmentNames, synthesize } from './aws/synthesize';

const usage = `npm run cost -- [--env dev|prod|prod-standby] [--diff REVISION]
What an environment costs a month, by stack and by tier of tenant, from the templates that this clone synthesizes and
the price list of lib/cost. Needs no account and no network.
  --env   dev when absent
  --diff  only what changes against a revision of this repository, as in --diff main`;

const { values } = parseArgs({
  options: {
    env: { type: 'string', default: 'dev' },
    diff: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});
const maxArchiveBytes = 512 * 1024 * 1024;

/** Synthesizes what `root` has in dist/. */
function assemble(root: string, folder: string): Assembly {
  synthesize(join(root, 'dist/bin/kolate.js'), values.env, folder, root);
  return readAssembly(folder);
}

/** The other revision, beside this clone and with its packages. @throws Error when git does not know it */
function assembleRevision(revision: string, work: string): Assembly {
  const root = join(work, 'clone');
  mkdirSync(root);
  const archive = execFileSync('git', ['archive', '--format=tar', revision], { maxBuffer: maxArchiveBytes });
  execFileSync('tar', ['-x', '-C', root], { input: archive });
  symlinkSync(join(process.cwd(), 'node_modules'), join(root, 'node_modules'));
  execFileSync(process.execPath, ['scripts/build.mjs'], { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] });
  return assemble(root, join(work, 'theirs'));
}

function main(work: string): void {
  const assembly = assemble(process.cwd(), join(work, 'ours'));
  const used = usageOf(assembly.environment);
  const ours = estimate(assembly, used);
  if (values.diff !== undefined) {
    console.log(differenceText(estimate(assembleRevision(values.diff, work), used), ours));
    return;
  }
  console.log(estimateText(assembly.environment, ours, used));
  for (const [tier, each] of Object.entries(tenantEstimates(assembly, used))) {
    console.log(`\n${estimateText(`one more tenant of tier ${tier}`, each, { ...used, logsGb: 1 })}`);
  }
}

if (values.help) {
  console.log(usage);
} else if (!environmentNames.some((name) => name === values.env)) {
  console.error(`--env is "${values.env}"; expected ${environmentNames.join(' or ')}`);
  process.exitCode = 2;
} else {
  const work = mkdtempSync(join(tmpdir(), 'kolate-cost-'));
  try {
    main(work);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

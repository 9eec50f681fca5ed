import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Assembly } from '../lib/assembly/assembly';
import { readAssembly } from '../lib/assembly/read-assembly';
import { estimate } from '../lib/cost/estimate';
import { differenceText, estimateText } from '../lib/cost/estimate-text';
import { tenantEstimates } from '../lib/cost/tenant-tiers';
import { usageOf } from '../lib/cost/usage';
import { synthesize } from './aws/synthesize';
import { anyEnvironment, namedEnvironment } from './command/named-environment';
import { runScript, UsageError } from './command/run-script';

const usage = `npm run cost -- [--env ${anyEnvironment}] [--diff REVISION]
What an environment costs a month, by stack and by tier of tenant, from the templates that this clone synthesizes and
the price list of lib/cost. Needs no account and no network.
  --env   dev when absent
  --diff  only what changes against a revision of this repository
Example: npm run cost -- --env prod --diff main`;

const options = { env: { type: 'string', default: 'dev' }, diff: { type: 'string' } } as const;
const maxArchiveBytes = 512 * 1024 * 1024;

/** Synthesizes what `root` has in dist/. */
function assemble(root: string, environment: string, folder: string): Assembly {
  synthesize(join(root, 'dist/bin/kolate.js'), environment, folder, root);
  return readAssembly(folder);
}

/** @throws UsageError where git knows no such commit */
function checkRevision(revision: string): void {
  // What follows --end-of-options is no option of git's, whatever it looks like.
  const asked = ['rev-parse', '--verify', '--quiet', '--end-of-options', `${revision}^{commit}`];
  if (spawnSync('git', asked, { stdio: 'ignore' }).status === 0) return;
  const expected = 'a commit, branch or tag that git has here: git fetch gets those of others';
  throw new UsageError(`--diff is "${revision}"; expected ${expected}`);
}

/** The other revision, beside this clone and with its packages. */
function assembleRevision(revision: string, environment: string, work: string): Assembly {
  const root = join(work, 'clone');
  mkdirSync(root);
  const archive = execFileSync('git', ['archive', '--format=tar', revision], { maxBuffer: maxArchiveBytes });
  execFileSync('tar', ['-x', '-C', root], { input: archive });
  symlinkSync(join(process.cwd(), 'node_modules'), join(root, 'node_modules'));
  execFileSync(process.execPath, ['scripts/build.mjs'], { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] });
  return assemble(root, environment, join(work, 'theirs'));
}

function print(environment: string, revision: string | undefined, work: string): void {
  const assembly = assemble(process.cwd(), environment, join(work, 'ours'));
  const used = usageOf(assembly.environment);
  const ours = estimate(assembly, used);
  if (revision !== undefined) {
    console.log(differenceText(estimate(assembleRevision(revision, environment, work), used), ours));
    return;
  }
  console.log(estimateText(assembly.environment, ours, used));
  for (const [tier, each] of Object.entries(tenantEstimates(assembly, used))) {
    console.log(`\n${estimateText(`one more tenant of tier ${tier}`, each, { ...used, logsGb: 1 })}`);
  }
}

runScript({ usage, options }, ({ env, diff }) => {
  const environment = namedEnvironment(env);
  if (diff !== undefined) checkRevision(diff);
  const work = mkdtempSync(join(tmpdir(), 'kolate-cost-'));
  try {
    print(environment, diff, work);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
});

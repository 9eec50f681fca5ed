import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { readAssembly } from '../lib/assembly/read-assembly';
import { environmentNamed } from '../lib/config/environments';
import { accountRegistry, checkImages } from './delivery/check-images';
import { readImages } from './delivery/read-images';

const usage = `npm run deploy -- [--assembly cdk.out] [--gated]
Deploys an assembly as it was synthesized: the gate (npm run diff-gate), then its images, which the registry has to find
sound and signed where the environment says so, then every stack. The pipeline's own stack is deployed by hand, since a
pipeline that changes itself loses the execution that it is in. --gated: the gate was passed before, or somebody rolls back
from stateful resources that came new; those stay, as retained resources do.`;

const { values } = parseArgs({
  options: {
    assembly: { type: 'string', default: 'cdk.out' },
    gated: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
const root = process.cwd();

/** @returns whether it ended well */
function run(script: string, ...args: string[]): boolean {
  const env = { ...process.env, CDK_DISABLE_CLI_TELEMETRY: '1' };
  return spawnSync(process.execPath, [join(root, script), ...args], { stdio: 'inherit', env }).status === 0;
}

const cdk = (command: string, ...args: string[]): boolean =>
  run('node_modules/aws-cdk/bin/cdk', command, '--app', values.assembly, '--no-notices', '--no-lookups', ...args);

async function areImagesFit(): Promise<boolean> {
  const { environment } = readAssembly(values.assembly);
  if (!environmentNamed(environment).security.imageRules) return true;
  const patience = { attempts: 60, pause: () => pause(10_000) };
  const objections = await checkImages(readImages(values.assembly), accountRegistry, patience);
  for (const line of objections) console.error(line);
  return objections.length === 0;
}

async function main(): Promise<number> {
  if (values.help) {
    console.log(usage);
    return 0;
  }
  const { environment } = readAssembly(values.assembly);
  const stacks = `kolate-${environment}-!(delivery)`;
  const steps: (() => boolean | Promise<boolean>)[] = [
    () => values.gated || run('dist/scripts/diff-gate.js', '--assembly', values.assembly),
    () => cdk('publish-assets', stacks, '--unstable', 'publish-assets'),
    areImagesFit,
    () => cdk('deploy', stacks, '--require-approval', 'never', '--progress', 'events', '--concurrency', '4'),
  ];
  for (const step of steps) if (!(await step())) return 1;
  return 0;
}

main().then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 2;
  },
);

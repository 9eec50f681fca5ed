import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { defaultProvider } from '@aws-sdk/credential-provider-node';
import { readAssembly } from '../lib/assembly/read-assembly';
import { environmentNamed } from '../lib/config/environments';
import { anyEnvironment, namedAssembly } from './command/named-environment';
import { runScript } from './command/run-script';
import { accountRegistry, checkImages } from './delivery/check-images';
import { readImages } from './delivery/read-images';

const usage = `npm run deploy -- --env ${anyEnvironment} | --assembly FOLDER [--gated]
Deploys an assembly as it was synthesized: the gate (npm run diff-gate), then its images, which the registry has to find
sound and signed where the environment says so, then every stack. The pipeline's own stack is deployed by hand, since a
pipeline that changes itself loses the execution that it is in.
  --env       what npm run synth wrote into cdk.out/ENVIRONMENT
  --assembly  what is in that folder
  --gated     the gate was passed before, or somebody rolls back from stateful resources that came new; those stay, as
              retained resources do
Example: npm run synth -- --env dev && npm run deploy -- --env dev`;

const options = {
  env: { type: 'string' },
  assembly: { type: 'string' },
  gated: { type: 'boolean', default: false },
} as const;
const root = process.cwd();

/** @returns whether it ended well */
function run(script: string, ...args: string[]): boolean {
  const env = { ...process.env, CDK_DISABLE_CLI_TELEMETRY: '1' };
  return spawnSync(process.execPath, [join(root, script), ...args], { stdio: 'inherit', env }).status === 0;
}

async function areImagesFit(assembly: string, environment: string): Promise<boolean> {
  if (!environmentNamed(environment).security.imageRules) return true;
  const patience = { attempts: 60, pause: () => pause(10_000) };
  const objections = await checkImages(readImages(assembly), accountRegistry, patience);
  for (const line of objections) console.error(line);
  return objections.length === 0;
}

runScript({ usage, options }, async (values) => {
  const assembly = namedAssembly(values);
  const { environment } = readAssembly(assembly);
  // Before anything is begun: each step would fail for want of them, in its own words.
  await defaultProvider()();
  const stacks = `kolate-${environment}-!(delivery)`;
  const cdk = (command: string, ...args: string[]): boolean =>
    run('node_modules/aws-cdk/bin/cdk', command, '--app', assembly, '--no-notices', '--no-lookups', ...args);
  const steps: (() => boolean | Promise<boolean>)[] = [
    () => values.gated || run('dist/scripts/diff-gate.js', '--assembly', assembly),
    () => cdk('publish-assets', stacks, '--unstable', 'publish-assets'),
    () => areImagesFit(assembly, environment),
    () => cdk('deploy', stacks, '--require-approval', 'never', '--progress', 'events', '--concurrency', '4'),
  ];
  for (const step of steps) if (!(await step())) return 1;
  return 0;
});

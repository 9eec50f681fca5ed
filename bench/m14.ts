import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { quantile, runBench } from './harness';

/**
 * M14: `cdk synth` of every stack of prod ÷ `cdk synth` of an app with one empty stack. The same command for both, from
 * its start to its end, without the built-in validation; CPU seconds of all its processes. Below the table: the same of
 * the apps alone, without the CDK's command line around them.
 */
const root = process.cwd();
const timeoutMs = 5 * 60_000;
const ticksPerSecond = 100;
const emptyApp = `const { App, Stack } = require(${JSON.stringify(join(root, 'node_modules/aws-cdk-lib'))});
const app = new App();
new Stack(app, 'Empty');
app.synth();
`;

/** CPU seconds of every process that this one has started and waited for, and of theirs. Linux only. */
function cpuSecondsOfChildren(): number {
  const stat = readFileSync('/proc/self/stat', 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[13]) + Number(fields[14])) / ticksPerSecond;
}

/** CPU seconds of one run. @throws Error when it fails */
function run(args: readonly string[], env: Readonly<Record<string, string>>): number {
  const before = cpuSecondsOfChildren();
  const { status, stderr } = spawnSync(process.execPath, args, {
    cwd: root,
    timeout: timeoutMs,
    encoding: 'utf8',
    env: { ...process.env, CDK_VALIDATION: 'false', CDK_DISABLE_CLI_TELEMETRY: '1', ...env },
  });
  if (status !== 0) throw new Error(`node ${args.join(' ')} failed:\n${stderr.slice(-2_000)}`);
  return cpuSecondsOfChildren() - before;
}

async function main(work: string): Promise<void> {
  const empty = join(work, 'empty.js');
  writeFileSync(empty, emptyApp);
  const prod = join(root, 'dist/bin/kolate.js');
  const cdk = join(root, 'node_modules/aws-cdk/bin/cdk');
  const synth = (name: string, app: string): number =>
    run([cdk, 'synth', '--quiet', '--no-notices', '-c', 'env=prod', '-o', join(work, name), '-a', `node ${app}`], {});
  const alone: number[] = [];
  const appAlone = (name: string, app: string): number =>
    run([app], { CDK_OUTDIR: join(work, `${name}-alone`), CDK_CONTEXT_JSON: '{"env":"prod"}' });
  await runBench({
    ...{ metric: 'M14', title: 'cdk synth of all stacks of prod ÷ cdk synth of an empty app' },
    ...{ unit: 'CPU seconds', better: 'lower', floor: 8, goal: 4 },
    subject: {
      name: 'prod',
      measure: async () => {
        alone.push(appAlone('prod', prod) / appAlone('empty', empty));
        return synth('prod', prod);
      },
    },
    reference: { name: 'empty app', measure: async () => synth('empty', empty) },
    notes: () => [`the apps alone, without the CDK's command line: ${quantile(alone, 0.5).toFixed(1)} times`],
  });
}

const work = mkdtempSync(join(tmpdir(), 'kolate-m14-'));
main(work)
  .catch((error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
    process.exitCode = 1;
  })
  .finally(() => rmSync(work, { recursive: true, force: true }));

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as pause } from 'node:timers/promises';
import { type Cli, doMainJob } from '../cli/main-job';
import { anyEnvironment, namedEnvironment } from './command/named-environment';
import { runScript } from './command/run-script';

const usage = `npm run main-job -- [--env ${anyEnvironment} | --home DIR]
Does the platform's main job as a user would: onboard a tenant, upload a model, ask it, find the prediction on record,
offboard the tenant. Fails with the step that failed.
  --env   on a deployed environment, with AWS credentials that may read its stacks
  --home  on the platform of this machine whose home that is; the one of this clone when both are absent
Example: npm run main-job -- --env dev`;

const options = { env: { type: 'string' }, home: { type: 'string' } } as const;
/** Records come over Kafka, seconds after the answer. */
const recordDeadlineMs = 60_000;

const cliOf =
  (where: readonly string[]): Cli =>
  async (args, input = '') => {
    const program = join(process.cwd(), 'dist/cli/main.js');
    const child = spawn(process.execPath, [program, ...where, '--output', 'json', ...args], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    child.stdin.end(input);
    const [printed, [code]] = await Promise.all([text(child.stdout), once(child, 'close')]);
    const document: unknown = printed.trim() === '' ? undefined : JSON.parse(printed);
    if (code !== 0) throw new Error(reasonIn(document) ?? `exit code ${code}`);
    return document;
  };

/** What went wrong and what to do, of the problem that a command prints. */
function reasonIn(problem: unknown): string | undefined {
  if (problem === null || typeof problem !== 'object' || !('detail' in problem)) return undefined;
  return 'hint' in problem ? `${problem.detail}: ${problem.hint}` : String(problem.detail);
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + recordDeadlineMs;
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error(`not within ${recordDeadlineMs / 1_000} s`);
    await pause(1_000);
  }
}

runScript({ usage, options }, async ({ env, home }) => {
  const where = [
    ...(env === undefined ? [] : ['--env', namedEnvironment(env)]),
    ...(home === undefined ? [] : ['--home', home]),
  ];
  const tenant = `check-${Date.now().toString(36)}`;
  // On AWS each tenant has a stack of its own: there are no shared engines.
  const tier = env === undefined ? 'pool' : 'dedicated';
  const model = 'models/samples/iris-classifier.onnx';
  await doMainJob(cliOf(where), { tenant, tier, model, until }, (line) => console.log(line));
  console.log(`the main job is done, as tenant ${tenant}`);
  return 0;
});

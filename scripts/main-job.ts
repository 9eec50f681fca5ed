import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { type Cli, doMainJob } from '../cli/main-job';

const usage = `npm run main-job -- [--env dev|prod|prod-standby] [--home DIR]
Does the platform's main job as a user would, on a deployed environment or on one machine: onboard a tenant, upload a
model, ask it, find the prediction on record, offboard the tenant. Fails with the step that failed.`;

const { values } = parseArgs({
  options: { env: { type: 'string' }, home: { type: 'string' }, help: { type: 'boolean', default: false } },
});
const where = [
  ...(values.env === undefined ? [] : ['--env', values.env]),
  ...(values.home === undefined ? [] : ['--home', values.home]),
];
/** Records come over Kafka, seconds after the answer. */
const recordDeadlineMs = 60_000;

const cli: Cli = async (args, input = '') => {
  const program = join(process.cwd(), 'dist/cli/main.js');
  const child = spawn(process.execPath, [program, ...where, '--output', 'json', ...args], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  child.stdin.end(input);
  const [printed, [code]] = await Promise.all([text(child.stdout), once(child, 'close')]);
  if (code !== 0) throw new Error(printed.trim() || `exit code ${code}`);
  return printed.trim() === '' ? undefined : JSON.parse(printed);
};

async function until(holds: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + recordDeadlineMs;
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error(`not within ${recordDeadlineMs / 1_000} s`);
    await pause(1_000);
  }
}

if (values.help) console.log(usage);
else {
  const tenant = `check-${Date.now().toString(36)}`;
  // On AWS each tenant has a stack of its own: there are no shared engines.
  const tier = values.env === undefined ? 'pool' : 'dedicated';
  const model = 'models/samples/iris-classifier.onnx';
  doMainJob(cli, { tenant, tier, model, until }, (line) => console.log(line)).then(
    () => console.log(`the main job is done, as tenant ${tenant}`),
    (error: unknown) => {
      console.error(error instanceof Error ? error.message : error);
      process.exitCode = 1;
    },
  );
}

import { writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import iris from '../../../models/samples/iris-classifier.onnx';
import { MainJobEnv } from '../../contracts/env/main-job-env';
import { readEnv } from '../../platform/config/read-env';
import { cliInProcess } from './cli-in-process';
import { createMainJob } from './main-job';

const env = readEnv(MainJobEnv, process.env);
const model = join(tmpdir(), 'iris-classifier.onnx');
writeFileSync(model, iris);

const say = (line: string): void => void process.stdout.write(`${line}\n`);
const { KOLATE_ENV, KOLATE_MAIN_JOB_TENANT: tenant } = env;
// Credentials are kept where the command line keeps them, as long as this process lives.
const cli = cliInProcess({ KOLATE_ENV, XDG_CONFIG_HOME: tmpdir() }, () => undefined);

export const handler = createMainJob({
  ...{ cli, say, pause, now: Date.now },
  // The one that there is on AWS.
  job: { tenant, tier: 'dedicated', model },
});

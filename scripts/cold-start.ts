import { execFileSync } from 'node:child_process';
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

import { runScript } from './command/run-script';

const usage = `node dist/scripts/cold-start.js
How long each bundle of dist/lambda takes to load, which is the part of a cold start that is ours: a new process of this
Node each time, with the time that loading took as the child measured it, and its memory afterwards. Lambda adds its own
part (the sandbox, the download by size). On a busy machine the time of the processor is the one to compare.
Example: node scripts/build.mjs && node dist/scripts/cold-start.js`;

const runs = 15;
const measured = `
  const before = performance.now(), spent = process.cpuUsage();
  try { require(process.argv[1]); } catch (error) { process.stdout.write(String(error.message)); process.exit(1); }
  process.stdout.write(JSON.stringify({ ms: performance.now() - before, cpu: process.cpuUsage(spent), rss: process.memoryUsage().rss }));
  process.exit(0);`;
/** Anything that the contracts take: nothing is called. */
const env = {
  PATH: process.env.PATH,
  AWS_REGION: 'us-east-1',
  KOLATE_ISSUER_URL: 'https://issuer.example.com',
  KOLATE_USAGE_KEYS_OF: 'any',
  KOLATE_CLIENT_TABLE: 'clients',
  KOLATE_OPERATOR_CLIENT_PARAMETER: '/operator',
  KOLATE_KAFKA_BROKERS: '127.0.0.1:9',
};

const median = (values: number[]): number => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
const folder = join(process.cwd(), 'dist/lambda');

runScript({ usage, options: {} }, () => {
  console.log('handler          bytes   load ms   processor ms (medians of 15)   resident MiB');
  for (const name of readdirSync(folder)) {
    const file = join(folder, name, 'index.js');
    const times = Array.from({ length: runs }, () => {
      const said = execFileSync(process.execPath, ['-e', measured, file], { env, encoding: 'utf8' });
      return JSON.parse(said) as { ms: number; cpu: { user: number; system: number }; rss: number };
    });
    const ms = times.map((time) => time.ms);
    const rss = median(times.map((time) => time.rss)) / 1_048_576;
    const columns = [statSync(file).size.toString().padStart(9), median(ms).toFixed(1).padStart(9)];
    const rest = [
      Math.max(...ms)
        .toFixed(1)
        .padStart(19),
      rss.toFixed(0).padStart(12),
    ];
    console.log(name.padEnd(14), ...columns, ...rest);
  }
  return 0;
});

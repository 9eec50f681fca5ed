import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { bundle } from '../bench/program';
import { runScript, UsageError } from './command/run-script';

const known = ['M1', 'M2', 'M3', 'M7', 'M8', 'M13', 'M14'];
const timeoutMs = 20 * 60_000;

const usage = `npm run bench -- ${known.join(' | ')} …
Measures, one after another and each in a process of its own, what is claimed in docs/benchmarks.md.
Example: npm run bench -- M1 M3`;

async function runOne(entry: string): Promise<number> {
  if (!existsSync(join(process.cwd(), entry))) throw new Error(`${entry} is missing`);
  const child = spawn(process.execPath, [await bundle(entry)], { stdio: 'inherit', timeout: timeoutMs });
  const [code] = (await once(child, 'exit')) as [number | null];
  return code ?? 1;
}

runScript({ usage, options: {}, allowPositionals: true }, async (_values, words) => {
  const wanted = words.map((name) => name.toUpperCase());
  const unknown = wanted.find((name) => !known.includes(name));
  if (unknown !== undefined || wanted.length === 0) {
    throw new UsageError(`the benchmark is ${unknown ?? 'missing'}; expected ${known.join(' or ')}`);
  }
  let worst = 0;
  for (const name of wanted) worst = Math.max(worst, await runOne(`bench/${name.toLowerCase()}.ts`));
  return worst;
});

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { bundle } from '../bench/program';

// `npm run bench -- M1 M3` runs bench/m1.ts, bench/m3.ts … one after another, each in a process of its own.
const known = ['M1', 'M2', 'M3', 'M7', 'M8', 'M13', 'M14'];
const timeoutMs = 20 * 60_000;

async function main(): Promise<number> {
  const wanted = process.argv.slice(2).map((name) => name.toUpperCase());
  if (wanted.length === 0 || wanted.some((name) => !known.includes(name))) {
    process.stderr.write(`Say which: npm run bench -- ${known.join(' | ')}\n`);
    return 2;
  }
  let worst = 0;
  for (const name of wanted) worst = Math.max(worst, await runOne(`bench/${name.toLowerCase()}.ts`));
  return worst;
}

async function runOne(entry: string): Promise<number> {
  if (!existsSync(join(process.cwd(), entry))) throw new Error(`${entry} is missing`);
  const child = spawn(process.execPath, [await bundle(entry)], { stdio: 'inherit', timeout: timeoutMs });
  const [code] = (await once(child, 'exit')) as [number | null];
  return code ?? 1;
}

main().then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
    process.exitCode = 1;
  },
);

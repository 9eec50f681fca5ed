import { execFileSync } from 'node:child_process';
import { resolve } from 'node:path';

/** The file that the CDK deploys, brought up to date. */
export function handlerBundle(name: string): string {
  execFileSync(process.execPath, [resolve('scripts/build.mjs')], { stdio: 'inherit', timeout: 120_000 });
  return resolve('dist/lambda', name, 'index.js');
}

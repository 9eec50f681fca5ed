import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { Assembly } from '../../lib/assembly/assembly';
import { readAssembly } from '../../lib/assembly/read-assembly';
import { environments } from '../../lib/config/environments';
import { neutral } from '../../scripts/aws/neutral';
import { synthesize } from '../../scripts/aws/synthesize';

/** Beside the environments: production with every switch on, and a tenant (scripts/aws/everything.ts). */
export const everything = 'everything';

const appOf = (name: string): string => (name === everything ? 'scripts/synth-everything.js' : 'bin/kolate.js');
const pollMs = 50;
const deadlineMs = 120_000;

/**
 * One environment's stacks, as files: aws-cdk-lib is not even loaded here. The first who asks has them synthesized, by a
 * process of its own and without the built-in validation; every other test file of the run reads what that one wrote.
 * Synchronous, so that a file can make a test of each stack.
 */
export function synthesized(environment: string): Assembly {
  return readAssembly(synthesizedFolder(environment));
}

/** Like it, but as it is where nobody has filled in what is an account's own: for what expects values, and texts. */
export function synthesizedNeutral(environment: string): Assembly {
  const literal = environments.find(({ name }) => name === environment);
  if (!literal || isDeepStrictEqual(neutral(literal), literal)) return synthesized(environment);
  return readAssembly(folderOf(environment, `${environment}-neutral`, 'scripts/synth-neutral.js'));
}

/** The folder that `cdk synth` would have written. Not to be written to. */
export const synthesizedFolder = (environment: string): string =>
  folderOf(environment, environment, appOf(environment));

function folderOf(environment: string, name: string, app: string): string {
  const root = process.env.KOLATE_TEST_SYNTHESIZED;
  if (root === undefined) throw new Error('synthesized() is for tests of the infra project');
  const folder = join(root, name);
  const done = `${folder}.done`;
  if (existsSync(done)) return folder;
  if (!claim(`${folder}.lock`)) return waitFor(done, folder);
  try {
    synthesize(join(process.cwd(), 'dist', app), environment, folder);
    writeFileSync(done, '');
  } catch (error) {
    // The next one who asks gets to see the error too, and not a time-out.
    rmSync(`${folder}.lock`, { recursive: true });
    throw error;
  }
  return folder;
}

function claim(lock: string): boolean {
  try {
    mkdirSync(lock);
    return true;
  } catch {
    return false;
  }
}

function waitFor(done: string, folder: string): string {
  const sleeper = new Int32Array(new SharedArrayBuffer(4));
  for (let waitedMs = 0; waitedMs < deadlineMs; waitedMs += pollMs) {
    if (existsSync(done)) return folder;
    if (!existsSync(`${folder}.lock`)) throw new Error(`${folder} could not be synthesized; see the first test file`);
    Atomics.wait(sleeper, 0, 0, pollMs);
  }
  throw new Error(`${folder} was not synthesized in ${deadlineMs} ms`);
}

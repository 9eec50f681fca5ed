import { spawn } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { passThrough } from './pass-through.mjs';

export const projects = ['unit', 'infra', 'integration', 'e2e'];

/** Each is a program, seen from node_modules, and its arguments. */
export const checks = {
  format: ['@biomejs/biome/bin/biome', 'check', '.'],
  types: ['typescript/bin/tsc', '--noEmit', '-p', 'tsconfig.json'],
  lint: ['eslint/bin/eslint.js', '.'],
  imports: ['dependency-cruiser/bin/dependency-cruiser.mjs', '--config', '.dependency-cruiser.cjs'].concat([
    'bin',
    'lib',
    'src',
    'local',
    'cli',
  ]),
  // Each in a process of its own, since the packs use one core.
  'aws dev': ['../dist/scripts/check-aws.js', '--env', 'dev'],
  'aws prod': ['../dist/scripts/check-aws.js', '--env', 'prod'],
  'aws prod-standby': ['../dist/scripts/check-aws.js', '--env', 'prod-standby'],
  'aws everything': ['../dist/scripts/check-aws.js', '--env', 'everything'],
};

/**
 * `args` may begin with names of projects; what is left goes to jest. Without any the checks run too. Ends with a line of
 * its own that counts the tests, and each check that failed.
 * @param {{ root: string, node: string, env: Record<string, string | undefined>, args: readonly string[], progress: ReturnType<typeof import('./progress.mjs').createProgress> }} options
 * @returns {Promise<number>} exit code
 */
export async function runTests({ root, node, env, args, progress }) {
  const failedChecks = args.length === 0 ? await runChecks({ root, node, env, progress }) : 0;
  const firstOther = args.findIndex((arg) => !projects.includes(arg));
  const selected = firstOther === -1 ? args : args.slice(0, firstOther);
  // At the end, since jest takes every word that follows for the name of a project.
  const select = selected.length > 0 ? ['--selectProjects', ...selected] : [];
  const results = join(tmpdir(), `kolate-results-${process.pid}.json`);
  const jest = join(root, 'node_modules/jest/bin/jest.js');
  // By itself jest leaves a core alone. Half of the time tests wait for engines and processes, so each core takes its part.
  const workers = ['--maxWorkers=100%'];
  const jestArgs = [...workers, ...args.slice(selected.length), '--json', `--outputFile=${results}`, ...select];
  const code = await passThrough(node, [jest, ...jestArgs], { cwd: root, env });
  const { passed, failed, skipped } = readResults(results);
  rmSync(results, { force: true });
  const counted = failed + failedChecks;
  // Something outside of any test went wrong: a set-up, a teardown, a crash.
  const total = code !== 0 && counted === 0 ? 1 : counted;
  if (skipped > 0) process.stderr.write(`${skipped} skipped, each for a reason that stands above\n`);
  process.stdout.write(`${passed} passed, ${total} failed\n`);
  return code !== 0 ? code : total > 0 ? 1 : 0;
}

async function runChecks({ root, node, env, progress }) {
  const outcomes = await Promise.all(
    Object.entries(checks).map(([name, [program, ...args]]) =>
      progress
        .step(`check ${name}`, () => check(node, [join(root, 'node_modules', program), ...args], root, env))
        .then(
          () => 0,
          (error) => {
            process.stderr.write(`check ${name} failed:\n${error.message}\n`);
            return 1;
          },
        ),
    ),
  );
  return outcomes.reduce((sum, failed) => sum + failed, 0);
}

/** Its whole output is shown when it fails, and nothing when it does not. */
function check(node, args, cwd, env) {
  return new Promise((resolve, reject) => {
    const child = spawn(node, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'], timeout: 600_000 });
    let text = '';
    for (const output of [child.stdout, child.stderr]) {
      output.on('data', (chunk) => {
        text = `${text}${chunk}`.slice(-60_000);
      });
    }
    child.on('error', reject);
    child.on('close', (code) => (code === 0 ? resolve() : reject(new Error(text.trim() || `exit code ${code}`))));
  });
}

function readResults(file) {
  try {
    const results = JSON.parse(readFileSync(file, 'utf8'));
    const { numPassedTests, numFailedTests, numPendingTests, numTodoTests, numRuntimeErrorTestSuites } = results;
    return {
      passed: numPassedTests,
      // A file that does not even load holds tests that nobody has counted.
      failed: numFailedTests + numRuntimeErrorTestSuites,
      skipped: numPendingTests + numTodoTests,
    };
  } catch {
    return { passed: 0, failed: 0, skipped: 0 };
  }
}

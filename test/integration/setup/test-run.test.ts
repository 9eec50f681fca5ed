import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { checks } from '../../../local/setup/test-run.mjs';
import { scratchFolder } from '../../helpers/scratch-folder';

const setup = (file: string) => pathToFileURL(join(__dirname, '../../../local/setup', file)).href;
const none = {
  numPassedTests: 0,
  numFailedTests: 0,
  numPendingTests: 0,
  numTodoTests: 0,
  numRuntimeErrorTestSuites: 0,
};
const programs = Object.values(checks).flatMap(([program]) => program ?? []);

/** A clone whose checks and whose jest are small programs of ours. */
function clone(jest: string, failingCheck?: string): string {
  const root = scratchFolder('clone');
  const write = (path: string, text: string) => {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  };
  for (const check of programs) {
    write(`node_modules/${check}`, check === failingCheck ? 'console.log("src/a.ts: wrong"); process.exit(1)' : '');
  }
  write('node_modules/jest/bin/jest.js', jest);
  return root;
}

const jestWith = (results: object, code: number) => `
const file = process.argv.find((arg) => arg.startsWith('--outputFile=')).slice('--outputFile='.length);
require('node:fs').writeFileSync(file, '${JSON.stringify({ ...none, ...results })}');
console.error('arguments', process.argv.slice(2).filter((arg) => !arg.startsWith('--outputFile')).join(' '));
process.exit(${code});`;

function runTests(root: string, args: readonly string[] = []) {
  const script = `
    import { createProgress } from '${setup('progress.mjs')}';
    import { runTests } from '${setup('test-run.mjs')}';
    const [root, ...args] = ${JSON.stringify([root, ...args])};
    const options = { root, node: process.execPath, env: process.env, args, progress: createProgress() };
    process.exit(await runTests(options));`;
  return new Promise<{ code: number; last: string; output: string }>((resolve) => {
    const child = execFile(process.execPath, ['--input-type=module', '-e', script], (_, stdout, stderr) =>
      resolve({ code: child.exitCode ?? -1, last: stdout.trim().split('\n').at(-1) ?? '', output: stderr }),
    );
  });
}

it('checks by programs that are installed', () => {
  expect(programs).toHaveLength(8);
  expect(programs.filter((program) => !existsSync(join(__dirname, '../../../node_modules', program)))).toEqual([]);
});

it('closes with the counts of jest alone on a line', async () => {
  const { code, last } = await runTests(clone(jestWith({ numPassedTests: 7 }, 0)));
  expect([code, last]).toEqual([0, '7 passed, 0 failed']);
});

it('counts files that do not load as failed, and tells what was skipped', async () => {
  const results = { numPassedTests: 7, numFailedTests: 1, numRuntimeErrorTestSuites: 2, numPendingTests: 3 };
  const { code, last, output } = await runTests(clone(jestWith(results, 1)));
  expect([code, last]).toEqual([1, '7 passed, 3 failed']);
  expect(output).toContain('3 skipped, ');
});

it('fails with a check that fails, shows what it said, and runs the tests all the same', async () => {
  const { code, last, output } = await runTests(clone(jestWith({ numPassedTests: 7 }, 0), 'typescript/bin/tsc'));
  expect([code, last]).toEqual([1, '7 passed, 1 failed']);
  expect(output).toContain('src/a.ts: wrong');
});

it('fails when jest ends without results', async () => {
  const { code, last } = await runTests(clone('process.exit(134)'));
  expect([code, last]).toEqual([134, '0 passed, 1 failed']);
});

it('runs the projects that are named, without the checks', async () => {
  const root = clone(jestWith({ numPassedTests: 1 }, 0), 'typescript/bin/tsc');
  const { code, output } = await runTests(root, ['unit', 'infra', 'test/unit/local', '-t', 'a name']);
  expect(code).toBe(0);
  expect(output).toContain('arguments --maxWorkers=100% test/unit/local -t a name --json --selectProjects unit infra');
});

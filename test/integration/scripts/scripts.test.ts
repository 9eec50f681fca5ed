import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const folder = resolve('dist/scripts');
const { scripts }: { scripts: Record<string, string> } = JSON.parse(readFileSync('package.json', 'utf8'));
const named = Object.entries(scripts).flatMap(([name, command]) => {
  const [, script] = /bootstrap\.mjs run (\S+)$/.exec(command) ?? [];
  return script === undefined ? [] : [[name, script] as const];
});
/** Nothing of an account, wherever the tests run. */
const env = { PATH: process.env.PATH, HOME: tmpdir(), AWS_EC2_METADATA_DISABLED: 'true', AWS_REGION: 'us-east-1' };

function run(script: string, ...args: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(folder, `${script}.js`), ...args], {
    ...{ env, encoding: 'utf8', timeout: 60_000 },
  });
  return { status, stdout, stderr };
}

const environments = 'expected dev or prod or prod-standby';
const noCredentials = 'no AWS credentials here: set AWS_PROFILE';

/** What is typed, the one line that answers it, and how the process ends. */
const refusals: readonly (readonly [string, string, number])[] = [
  ['synth --env', "Option '--env <value>' argument missing; expected npm run synth -- [--env dev|prod", 2],
  ['synth --nope', "Unknown option '--nope'; expected npm run synth", 2],
  ['synth --env nope', `--env is "nope"; ${environments}`, 2],
  ['check-aws --env nope', `--env is "nope"; ${environments}`, 2],
  ['cost --env nope', `--env is "nope"; ${environments}`, 2],
  ['cost --diff nope', '--diff is "nope"; expected a commit, branch or tag', 2],
  ['cost --diff=--help', '--diff is "--help"; expected a commit, branch or tag', 2],
  ['deploy --env nope', `--env is "nope"; ${environments}`, 2],
  ['deploy', `--env is missing; ${environments}`, 2],
  ['deploy --assembly nothere', 'nothere is no assembly; expected one: npm run synth writes it', 1],
  ['diff-gate --assembly nothere', 'nothere is no assembly; expected one: npm run synth writes it', 1],
  ['edge-mtls --env nope --bucket b', `--env is "nope"; ${environments}`, 2],
  ['edge-mtls --env dev', '--bucket is missing; expected the output TruststoreName of kolate-dev-storage', 2],
  ['edge-mtls --env dev --bucket b', noCredentials, 1],
  ['rollback --env prodd', `--env is "prodd"; ${environments}`, 2],
  ['main-job --env nope', `--env is "nope"; ${environments}`, 2],
  ['main-job --env dev', `reach the platform: ${noCredentials}`, 1],
  ['main-job --home nothere', 'reach the platform: nothing runs on the home', 1],
  ['bench M99', 'the benchmark is M99; expected M1 or M2', 2],
  ['diagram dev', "Unexpected argument 'dev'", 2],
];

describe('a script', () => {
  beforeAll(() => {
    execFileSync(process.execPath, [resolve('scripts/build.mjs')], { stdio: 'inherit', timeout: 120_000 });
  }, 130_000);

  it.each(named)('answers --help with how it is used, and an example: npm run %s', (name, script) => {
    const { status, stdout, stderr } = run(script, '--help');
    expect([status, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(new RegExp(`^npm run ${name}\\b`));
    expect(stdout).toMatch(/\nExample: npm run (--silent )?[a-z]/);
  });

  it('answers --help of the build alike, and builds nothing for a word that it does not know', () => {
    const building = (word: string) =>
      spawnSync(process.execPath, ['scripts/build.mjs', word], { encoding: 'utf8', timeout: 60_000 });
    expect(building('--help')).toMatchObject({ status: 0, stderr: '' });
    expect(building('--help').stdout).toMatch(/^npm run build\n(.+\n)+Example: npm run build\n$/);
    expect(building('nope')).toMatchObject({ status: 2, stdout: '', stderr: expect.stringMatching(/^nope .*\n$/) });
  });

  it.each(refusals)('says in one line what is wrong: %s', (typed, line, code) => {
    const [script = '', ...args] = typed.split(' ');
    const { status, stderr } = run(script, ...args);
    expect(stderr.trimEnd().split('\n')).toEqual([expect.stringContaining(line)]);
    expect(status).toBe(code);
  });

  it('makes no keys for an environment that there is not, nor without credentials', () => {
    const work = mkdtempSync(join(tmpdir(), 'kolate-edge-'));
    try {
      const edge = (...args: string[]) => run('edge-mtls', '--bucket', 'b', '--folder', join(work, 'keys'), ...args);
      expect(edge('--env', 'nope').status).toBe(2);
      expect(edge('--env', 'dev').status).toBe(1);
      expect(existsSync(join(work, 'keys'))).toBe(false);
      expect(edge('--env', 'dev', '--dry-run').status).toBe(0);
      expect(readdirSync(join(work, 'keys'))).toContain('ca.key');
    } finally {
      rmSync(work, { recursive: true });
    }
  });
});

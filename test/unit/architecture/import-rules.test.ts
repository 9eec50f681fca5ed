import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';

const root = resolve(__dirname, '../../..');

/** Rule → a file that breaks it and the import with which it does. */
const planted: Record<string, readonly [file: string, imports: string]> = {
  'contracts-stand-alone': ['src/contracts/a.ts', '../domain/target'],
  'domain-is-pure': ['src/domain/a.ts', 'node:fs'],
  'platform-knows-no-business': ['src/platform/a.ts', '../domain/target'],
  'services-meet-over-contracts': ['src/services/core/a.ts', '../predict/target'],
  'handlers-stand-alone': ['src/handlers/authorizer/a.ts', '../../services/predict/target'],
  'infrastructure-reads-contracts-only': ['lib/stacks/a.ts', '../../src/platform/target'],
  'local-imports-app-factories-only': ['local/a.ts', '../src/services/predict/target'],
  'cli-speaks-http': ['cli/a.ts', '../src/domain/target'],
  'kafkajs-behind-its-port': ['src/services/core/b.ts', 'kafkajs'],
  'aws-cdk-in-infrastructure-only': ['src/services/core/c.ts', 'constructs'],
  'no-cycles': ['src/domain/cycle-a.ts', './cycle-b'],
  'nothing-unresolved': ['src/contracts/b.ts', './is-not-there'],
};

const innocent: Record<string, string> = {
  'src/domain/target.ts': 'export const target = 1;\n',
  'src/platform/target.ts': "import { fact } from '../contracts/fact';\nexport const target = fact;\n",
  'src/contracts/fact.ts': 'export const fact = 1;\n',
  'src/services/predict/target.ts': "import { target } from '../../domain/target';\nexport { target };\n",
  'src/domain/cycle-b.ts': "import { used } from './cycle-a';\nexport const target = used;\n",
};

type Violation = { from: string; rule: { name: string } };

function violationsOf(folder: string): Violation[] {
  const bin = join(root, 'node_modules/dependency-cruiser/bin/dependency-cruiser.mjs');
  const rules = join(root, '.dependency-cruiser.cjs');
  const report = execFileSync(
    process.execPath,
    [bin, '--config', rules, '--output-type', 'json', 'src', 'lib', 'local', 'cli'],
    {
      cwd: folder,
      maxBuffer: 1 << 25,
    },
  );
  return (JSON.parse(report.toString()) as { summary: { violations: Violation[] } }).summary.violations;
}

describe('the import table', () => {
  const folder = mkdtempSync(join(tmpdir(), 'kolate-imports-'));
  let found: Violation[] = [];

  beforeAll(() => {
    const write = (file: string, text: string): void => {
      mkdirSync(dirname(join(folder, file)), { recursive: true });
      writeFileSync(join(folder, file), text);
    };
    symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
    write('tsconfig.json', '{"compilerOptions":{"module":"preserve","moduleResolution":"bundler"}}');
    for (const [file, text] of Object.entries(innocent)) write(file, text);
    for (const [file, target] of Object.values(planted))
      write(file, `import { target } from '${target}';\nexport const used = target;\n`);
    found = violationsOf(folder);
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it.each(Object.entries(planted))('%s bites', (rule, [file]) => {
    expect(found.filter(({ rule: { name } }) => name === rule).map(({ from }) => from)).toContain(file);
  });

  it('has a violation planted for each rule', () => {
    const { forbidden } = require(join(root, '.dependency-cruiser.cjs')) as { forbidden: { name: string }[] };
    expect(forbidden.map(({ name }) => name).sort()).toEqual(Object.keys(planted).sort());
  });

  it('leaves alone what the table allows', () => {
    const blamed = new Set(found.map(({ from }) => from));
    expect(
      ['src/platform/target.ts', 'src/services/predict/target.ts', 'src/contracts/fact.ts'].filter((file) =>
        blamed.has(file),
      ),
    ).toEqual([]);
  });
});

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { environmentNames } from '../../../scripts/aws/synthesize';
import { preparePython } from '../../helpers/python';
import { everything, synthesized } from '../../helpers/synthesized';

type Finding = {
  readonly Level: string;
  readonly Message: string;
  readonly Filename: string;
  readonly Rule: { readonly Id: string };
};

// What the command of that name does, which is in a folder that is not on the path.
const cfnLint = 'import sys; from cfnlint.runner import main; sys.exit(main())';
const timeoutMs = 5 * 60_000;
const { python, reason } = preparePython(join(process.cwd(), 'test/infra/cfn-lint/requirements.txt'));

async function errorsIn(files: readonly string[]): Promise<string[]> {
  const options = ['--format', 'json', '--non-zero-exit-code', 'error'];
  const { stdout, stderr } = await python!.run('-c', [cfnLint, ...options, ...files], timeoutMs);
  if (!stdout.trimStart().startsWith('[')) throw new Error(`cfn-lint did not run: ${stderr}`);
  return (JSON.parse(stdout) as Finding[])
    .filter(({ Level }) => Level === 'Error')
    .map(({ Filename, Rule, Message }) => `${Filename.slice(Filename.lastIndexOf('/') + 1)} ${Rule.Id} ${Message}`);
}

if (reason) process.stderr.write(`cfn-lint is not run: ${reason}\n`);

(python ? describe : describe.skip)('cfn-lint', () => {
  it(
    'finds no error in any template of any environment, nor in a stack that none of them has',
    async () => {
      const assemblies = environmentNames.map(synthesized);
      const parts = new Set(assemblies.flatMap(({ stacks }) => stacks.map(({ part }) => part)));
      // All others are those of prod but for some values, and each costs seconds.
      const besides = synthesized(everything).stacks.filter(({ part }) => !parts.has(part));
      expect(besides.map(({ part }) => part).sort()).toEqual(['cell-shared-1', 'delivery', 'search', 'tenant']);
      const files = [...assemblies.flatMap(({ stacks }) => stacks), ...besides].map(({ file }) => file);
      expect(await errorsIn(files)).toEqual([]);
    },
    timeoutMs,
  );

  it('finds what CloudFormation would refuse', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'kolate-cfn-lint-'));
    try {
      const file = join(folder, 'bad.template.json');
      const Queue = { Type: 'AWS::SQS::Queue', Properties: { VisibilityTimeout: 'soon', Colour: 'red' } };
      writeFileSync(file, JSON.stringify({ Resources: { Queue } }));
      expect(await errorsIn([file])).toEqual([
        expect.stringContaining(
          "bad.template.json E3002 Additional properties are not allowed ('Colour' was unexpected)",
        ),
        expect.stringContaining("bad.template.json E3012 'soon' is not of type 'integer'"),
      ]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { createProgram } from '../../cli/create-program';
import { resourcesOf } from '../../lib/assembly/assembly';
import { environmentNames } from '../../scripts/aws/synthesize';
import { documentedCommands } from '../helpers/documented-commands';
import { synthesizedNeutral } from '../helpers/synthesized';

const root = join(__dirname, '../..');
const read = (path: string): string => readFileSync(join(root, path), 'utf8');
const guide = read('docs/deploy.md');
const runbooks = readdirSync(join(root, 'docs/runbooks')).map((name) => `docs/runbooks/${name}`);
/** What is typed where there is an account, one command each, with an environment in the place that is left for it. */
const commands = ['docs/deploy.md', 'README.md', ...runbooks]
  .map(documentedCommands)
  .flatMap(({ lines, mentions }) => [...lines, ...mentions])
  .flatMap((line) => line.replaceAll(/<env>|\$env|\$ENV|(?<=--env )ENV/g, 'prod').split(/ && | \| /))
  .map((command) => command.replace(/^kolate /, 'npx kolate ').trim())
  // Typed where there is none: one-machine.test.ts.
  .filter((command) => !/^npm (start|stop|test|run check$)|kolate --help/.test(command));
const startingWith = (start: string): string[] => [...new Set(commands)].filter((each) => each.startsWith(start));
const flagsIn = (text: string): string[] => text.match(/(?<= )--[a-z][a-z-]*/g) ?? [];

/** What the CDK's command line says of one of its commands. @throws Error when it has no such command */
function cdkHelp(verb: string): string {
  const known = helps.get(verb) ?? execFileSync(process.execPath, [cdk, verb, '--help'], { encoding: 'utf8' });
  helps.set(verb, known);
  if (!known.startsWith(`cdk ${verb} `)) throw new Error(`cdk has no command ${verb}`);
  return known;
}
const helps = new Map<string, string>();
const cdk = join(root, 'node_modules/aws-cdk/bin/cdk');

const retainedRows = (): string[] => {
  const rows = new Map<string, Set<string>>();
  for (const environment of environmentNames) {
    for (const { stack, resource } of resourcesOf(synthesizedNeutral(environment))) {
      if (!['Retain', 'RetainExceptOnCreate', 'Snapshot'].includes(resource.DeletionPolicy ?? 'Delete')) continue;
      rows.set(stack.part, (rows.get(stack.part) ?? new Set()).add(resource.Type));
    }
  }
  const row = ([part, types]: [string, Set<string>]) => `| ${part} | ${[...types].sort().join(', ')} |`;
  return [...rows].sort(([a], [b]) => a.localeCompare(b)).map(row);
};

describe('what is told to type where there is an account', () => {
  it('lists in the guide what stays after a tear-down: every retained resource of every stack, and no other', () => {
    const table = guide.split('<!-- retained -->')[1]?.split('<!-- /retained -->')[0] ?? '';
    const rows = table.split('\n').filter((line) => line.startsWith('| '));
    expect(rows.slice(1)).toEqual(retainedRows());
  });

  it.each(startingWith('npm '))('names a script that is there, with flags that it knows: %s', (command) => {
    const [, script = '', ...rest] = command.split(' ').filter((word) => word !== 'run');
    const scripts: Record<string, string> = JSON.parse(read('package.json')).scripts;
    if (script === 'ci') return;
    expect(Object.keys(scripts)).toContain(script);
    const [, known = ''] = /const usage = `([^`]+)`/.exec(read(`scripts/${script.replace(':', '-')}.ts`)) ?? [];
    for (const flag of flagsIn(` ${rest.filter((word) => word !== '--').join(' ')}`)) expect(known).toContain(flag);
  });

  it.each(startingWith('npx kolate '))('names a command that is there, with options that it knows: %s', (command) => {
    const bind = () => async () => undefined;
    const program = createProgram(
      bind,
      () => undefined,
      () => undefined,
    );
    let at: Command = program;
    const options = [...program.options];
    for (const word of command.split(' ').slice(2)) {
      const next: Command | undefined = at.commands.find((one) => one.name() === word);
      if (!next) continue;
      at = next;
      options.push(...at.options);
    }
    expect([at.name(), at.commands.length]).toEqual([expect.not.stringMatching(/^kolate$/), 0]);
    const known = options.map(({ long }) => long);
    for (const flag of flagsIn(command)) expect(known).toContain(flag);
  });

  it.each(startingWith('npx cdk '))('names an environment and stacks that there are: %s', (command) => {
    const [, , verb = ''] = command.split(' ');
    const help = cdkHelp(verb);
    for (const flag of flagsIn(command)) expect(help).toMatch(new RegExp(`${flag}[ ,]`));
    if (verb === 'bootstrap' || command === 'npx cdk import' || command.includes('--app ')) return;
    const environment = /-c env=(\S+)/.exec(command)?.[1] ?? 'none';
    expect(environmentNames).toContain(environment);
    const there = synthesizedNeutral(environment).stacks.map(({ name }) => name);
    // The pipeline's stack is of whoever has a `delivery`.
    there.push(`kolate-${environment}-delivery`);
    for (const named of command.match(/kolate-\S+/g) ?? []) expect(there).toContain(named);
  });

  it('links documents that are there', () => {
    const links = [...guide.matchAll(/\]\(([^)#]+)\)/g)].map(([, path = '']) => path);
    expect(links.length).toBeGreaterThan(5);
    for (const link of links) expect(read(join('docs', link))).not.toBe('');
  });
});

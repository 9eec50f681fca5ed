import { parseArgs } from 'node:util';
import { CloudFormationClient, GetTemplateCommand } from '@aws-sdk/client-cloudformation';
import type { Template } from '../lib/assembly/assembly';
import { readAssembly } from '../lib/assembly/read-assembly';
import { acceptedLosses } from '../lib/config/accepted-losses';
import { checkLosses, type DeployedTemplate } from './delivery/check-losses';

const usage = `npm run diff-gate -- --assembly cdk.out [--before FOLDER]
Fails when a deployment of the assembly would remove, replace or stop keeping a stateful resource. Compares with what is
deployed (credentials of AWS that may read templates), or with the assembly in FOLDER. A change that is meant stands in
lib/config/accepted-losses.ts.`;

const { values } = parseArgs({
  options: {
    assembly: { type: 'string', default: 'cdk.out' },
    before: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});

/** As CloudFormation has it. */
const fromAccount: DeployedTemplate = async ({ name, region }) => {
  const client = new CloudFormationClient({ region, maxAttempts: 8 });
  try {
    const { TemplateBody = '{}' } = await client.send(new GetTemplateCommand({ StackName: name }));
    return JSON.parse(TemplateBody) as Template;
  } catch (error) {
    if (error instanceof Error && error.name === 'ValidationError' && error.message.includes('does not exist')) return;
    throw error;
  } finally {
    client.destroy();
  }
};

function fromFolder(folder: string): DeployedTemplate {
  const { stacks } = readAssembly(folder);
  return async ({ name }) => stacks.find((stack) => stack.name === name)?.template;
}

async function main(): Promise<number> {
  if (values.help) return say(usage);
  const assembly = readAssembly(values.assembly);
  const deployed = values.before === undefined ? fromAccount : fromFolder(values.before);
  const { refused, accepted } = await checkLosses(assembly, deployed, acceptedLosses);
  for (const line of accepted) say(`accepted: ${line}`);
  for (const line of refused) say(`refused: ${line}`);
  if (refused.length === 0) return say(`${assembly.environment}: ${assembly.stacks.length} stacks lose no state`);
  say('A change that is meant goes into lib/config/accepted-losses.ts, with the reason.');
  return 1;
}

function say(line: string): number {
  console.log(line);
  return 0;
}

main().then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 2;
  },
);

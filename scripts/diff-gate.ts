import { CloudFormationClient, GetTemplateCommand } from '@aws-sdk/client-cloudformation';
import type { Template } from '../lib/assembly/assembly';
import { readAssembly } from '../lib/assembly/read-assembly';
import { acceptedLosses } from '../lib/config/accepted-losses';
import { anyEnvironment, namedAssembly } from './command/named-environment';
import { runScript } from './command/run-script';
import { checkLosses, type DeployedTemplate } from './delivery/check-losses';

const usage = `npm run diff-gate -- --env ${anyEnvironment} | --assembly FOLDER [--before FOLDER]
Fails when a deployment of the assembly would remove, replace or stop keeping a stateful resource. A change that is meant
stands in lib/config/accepted-losses.ts.
  --env       what npm run synth wrote into cdk.out/ENVIRONMENT
  --assembly  what is in that folder
  --before    compares with the assembly there, and not with what is deployed (credentials of AWS that may read templates)
Example: npm run synth -- --env prod && npm run diff-gate -- --env prod`;

const options = { env: { type: 'string' }, assembly: { type: 'string' }, before: { type: 'string' } } as const;

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

runScript({ usage, options }, async (values) => {
  const assembly = readAssembly(namedAssembly(values));
  const deployed = values.before === undefined ? fromAccount : fromFolder(values.before);
  const { refused, accepted } = await checkLosses(assembly, deployed, acceptedLosses);
  for (const line of accepted) console.log(`accepted: ${line}`);
  for (const line of refused) console.log(`refused: ${line}`);
  if (refused.length === 0) {
    console.log(`${assembly.environment}: ${assembly.stacks.length} stacks lose no state`);
    return 0;
  }
  console.log('A change that is meant goes into lib/config/accepted-losses.ts, with the reason.');
  return 1;
});

import { parseArgs } from 'node:util';
import { environmentNamed } from '../lib/config/environments';
import { addPlatform, createApp } from '../lib/platform-app';
import { acknowledgementsText, findingsText } from './aws/findings-text';
import { type Checked, checkWithRulePacks, withoutReason } from './aws/rule-packs';
import { environmentNames } from './aws/synthesize';

const usage = `npm run check:aws -- [--env dev|prod|prod-standby] [--acknowledged]
Checks every stack of every environment: the built-in CloudFormation validation, cdk-nag (AwsSolutions, Serverless,
NIST 800-53 R5) and the Control Tower rules. A finding is mended, or accepted with a reason beside its resource.
  --env           only this one
  --acknowledged  also lists what was accepted, and why`;

const { values } = parseArgs({
  options: {
    env: { type: 'string' },
    acknowledged: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

function check(name: string): Checked {
  const environment = environmentNamed(name);
  return checkWithRulePacks((props) => addPlatform(createApp(props), environment));
}

function main(): number {
  if (values.help) {
    console.log(usage);
    return 0;
  }
  let failed = 0;
  const checked = (values.env === undefined ? environmentNames : [values.env]).map((name) => ({
    name,
    ...check(name),
  }));
  for (const { name, findings, assembly } of checked) {
    const silent = withoutReason(assembly.acknowledgements);
    failed += findings.length + silent.length;
    console.log(`${name}: ${findings.length} findings, ${assembly.acknowledgements.length} accepted with a reason`);
    if (findings.length > 0) console.log(findingsText(findings));
    for (const { id, path } of silent) console.log(`  ${path} accepts ${id} without saying why`);
  }
  if (values.acknowledged)
    console.log(acknowledgementsText(checked.flatMap(({ assembly }) => assembly.acknowledgements)));
  return failed > 0 ? 1 : 0;
}

process.exitCode = main();

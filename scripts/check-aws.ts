import type { App, AppProps } from 'aws-cdk-lib';
import type { Acknowledgement } from '../lib/assembly/assembly';
import { environmentNamed } from '../lib/config/environments';
import { addPlatform, createApp } from '../lib/platform-app';
import { addEverything, everything } from './aws/everything';
import { acknowledgementsText, findingsText } from './aws/findings-text';
import { checkUnaccepted, checkWithRulePacks, withoutFinding, withoutReason } from './aws/rule-packs';
import { environmentNames } from './aws/synthesize';
import { anyEnvironment, namedEnvironment } from './command/named-environment';
import { runScript } from './command/run-script';

const usage = `npm run check:aws -- [--env ${anyEnvironment}|everything] [--acknowledged] [--unused]
Checks every stack of every environment, and of production with every switch on and a tenant (everything): the built-in
CloudFormation validation, cdk-nag (AwsSolutions, Serverless, NIST 800-53 R5) and the Control Tower rules. A finding is
mended, or accepted with a reason beside its resource.
  --env           only this one
  --acknowledged  also lists what was accepted, and why
  --unused        instead looks for what was accepted and is found in none of the environments any more
Example: npm run check:aws -- --env dev --acknowledged`;

const options = {
  env: { type: 'string' },
  acknowledged: { type: 'boolean', default: false },
  unused: { type: 'boolean', default: false },
} as const;

const platformOf =
  (name: string) =>
  (props: AppProps): App =>
    name === everything.name ? addEverything(createApp(props)) : addPlatform(createApp(props), environmentNamed(name));

/** @returns how many findings, and acceptances that say nothing, there are */
function check(names: readonly string[], isAcknowledgedToo: boolean): number {
  let wrong = 0;
  const accepted: Acknowledgement[] = [];
  for (const name of names) {
    const { findings, assembly } = checkWithRulePacks(platformOf(name));
    const silent = withoutReason(assembly.acknowledgements);
    wrong += findings.length + silent.length;
    accepted.push(...assembly.acknowledgements);
    console.log(`${name}: ${findings.length} findings, ${assembly.acknowledgements.length} accepted with a reason`);
    if (findings.length > 0) console.log(findingsText(findings));
    for (const { id, path } of silent) console.log(`  ${path} accepts ${id} without saying why`);
  }
  if (isAcknowledgedToo) console.log(acknowledgementsText(accepted));
  return wrong;
}

/** A construct accepts in all environments that have it, though the packs may find it in one of them alone. */
function checkUnused(names: readonly string[]): number {
  const [used, unused] = [new Set<string>(), new Set<string>()];
  for (const name of names) {
    const { acknowledgements } = checkWithRulePacks(platformOf(name)).assembly;
    const idle = withoutFinding(acknowledgements, checkUnaccepted(platformOf(name)).findings);
    for (const one of acknowledgements) {
      (idle.includes(one) ? unused : used).add(`${one.path.replace(`kolate-${name}-`, '')} accepts ${one.id}`);
    }
  }
  const nowhere = [...unused].filter((key) => !used.has(key));
  for (const key of nowhere) console.log(`${key}, which nothing finds there`);
  return nowhere.length;
}

runScript({ usage, options }, ({ env, acknowledged, unused }) => {
  const every = [...environmentNames, everything.name];
  const names = env === undefined ? every : [env === everything.name ? env : namedEnvironment(env)];
  return (unused ? checkUnused(names) : check(names, acknowledged)) > 0 ? 1 : 0;
});

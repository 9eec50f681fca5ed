import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { environmentNames } from './aws/synthesize';

const usage = `npm run synth -- [--env dev|prod|prod-standby]
Synthesizes every stack of an environment into cdk.out/, and fails at any warning. Needs no account, no credentials, no
network and no Docker; what the shell knows of an account is kept from it.`;

const { values } = parseArgs({
  options: {
    env: { type: 'string', default: 'dev' },
    output: { type: 'string', default: 'cdk.out' },
    help: { type: 'boolean', default: false },
  },
});

/** With credentials at hand the CDK's command line would ask AWS whose they are. */
const withoutAccount = Object.fromEntries(
  Object.entries(process.env).filter(([name]) => !/^(AWS|CDK_DEFAULT)_/.test(name)),
);

function synth(): number {
  const cdk = join(process.cwd(), 'node_modules/aws-cdk/bin/cdk');
  const flags = [
    '--strict',
    '--quiet',
    '--no-notices',
    '--no-lookups',
    '--context',
    `env=${values.env}`,
    '--output',
    values.output,
  ];
  const { status } = spawnSync(process.execPath, [cdk, 'synth', ...flags], {
    stdio: 'inherit',
    env: { ...withoutAccount, AWS_EC2_METADATA_DISABLED: 'true', CDK_DISABLE_CLI_TELEMETRY: '1' },
  });
  return status ?? 1;
}

if (values.help) {
  console.log(usage);
} else if (!environmentNames.some((name) => name === values.env)) {
  console.error(`--env is "${values.env}"; expected ${environmentNames.join(' or ')}`);
  process.exitCode = 2;
} else {
  process.exitCode = synth();
}

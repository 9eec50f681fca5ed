import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { anyEnvironment, assemblyFolder, namedEnvironment } from './command/named-environment';
import { runScript } from './command/run-script';

const usage = `npm run synth -- [--env ${anyEnvironment}] [--output FOLDER]
Synthesizes every stack of an environment into cdk.out/ENVIRONMENT, and fails at any warning. Needs no account, no
credentials, no network and no Docker; what the shell knows of an account is kept from it.
  --env     dev when absent
  --output  another folder
Example: npm run synth -- --env prod`;

const options = { env: { type: 'string', default: 'dev' }, output: { type: 'string' } } as const;

const cdk = join(process.cwd(), 'node_modules/aws-cdk/bin/cdk');

const argumentsFor = (env: string, output: string): string[] => [
  ...['synth', '--strict', '--quiet', '--no-notices', '--no-lookups'],
  ...['--context', `env=${env}`, '--output', output],
];

/** With credentials at hand the CDK's command line would ask AWS whose they are. */
const withoutAccount = Object.fromEntries(
  Object.entries(process.env).filter(([name]) => !/^(AWS|CDK_DEFAULT)_/.test(name)),
);

runScript({ usage, options }, (values) => {
  const env = namedEnvironment(values.env);
  const { status } = spawnSync(process.execPath, [cdk, ...argumentsFor(env, values.output ?? assemblyFolder(env))], {
    stdio: 'inherit',
    env: { ...withoutAccount, AWS_EC2_METADATA_DISABLED: 'true', CDK_DISABLE_CLI_TELEMETRY: '1' },
  });
  return status ?? 1;
});

import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

const usage = `npm run synth -- [--env dev|prod|prod-standby]
Synthesizes every stack of an environment into cdk.out/. Needs no account, no credentials and no network.`;

const { values } = parseArgs({
  options: { env: { type: 'string', default: 'dev' }, help: { type: 'boolean', default: false } },
});
if (values.help) {
  console.log(usage);
  process.exit(0);
}
const cdk = join(process.cwd(), 'node_modules/aws-cdk/bin/cdk');
const { status } = spawnSync(
  process.execPath,
  [cdk, 'synth', '--strict', '--quiet', '--no-notices', '--context', `env=${values.env}`],
  { stdio: 'inherit', env: { ...process.env, CDK_DISABLE_CLI_TELEMETRY: '1' } },
);
process.exit(status ?? 1);

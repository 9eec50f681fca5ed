import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { GetParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { environments } from '../lib/config/environments';
import { Deployment, deploymentParameter } from '../src/contracts/deployment';
import { strictValidator } from '../src/platform/config/validators';
import { awsUnreachable, failed, usageError } from './cli-error';
import type { OauthClient } from './tokens';

const maxAttempts = 3;
/** That of the literal, whatever the shell has: an environment is in one region. @throws CliError naming those there are */
function regionOf(environment: string): string {
  const found = environments.find(({ name }) => name === environment);
  if (found) return found.region;
  const known = environments.map(({ name }) => name).join(' or ');
  throw usageError(`--env is "${environment}"; expected ${known}, as in lib/config/environments.ts`);
}
const isDeployment = strictValidator(Deployment);

/**
 * What the stacks of an environment have written down, read with the caller's own AWS credentials.
 * @throws CliError usage for an environment that is none, unavailable when AWS does not answer, failed when nothing is
 * deployed there
 */
export async function readDeployment(environment: string): Promise<Deployment> {
  const region = regionOf(environment);
  const name = deploymentParameter(environment);
  const text = await asking(async () => {
    const ssm = new SSMClient({ maxAttempts, region });
    const { Parameter } = await ssm.send(new GetParameterCommand({ Name: name }));
    return Parameter?.Value ?? '';
  }, `SSM has no parameter ${name}`);
  const deployment: unknown = JSON.parse(text);
  if (isDeployment(deployment)) return deployment as Deployment;
  throw failed(`the parameter ${name} does not describe a platform: it is of another version than this command`);
}

/** The operator's client of a deployed platform. @throws CliError */
export async function readOperator({ operatorSecret }: Deployment, environment: string): Promise<OauthClient> {
  const region = regionOf(environment);
  const text = await asking(async () => {
    const secrets = new SecretsManagerClient({ maxAttempts, region });
    const { SecretString } = await secrets.send(new GetSecretValueCommand({ SecretId: operatorSecret }));
    return SecretString ?? '';
  }, `Secrets Manager has no ${operatorSecret}`);
  const client: OauthClient = JSON.parse(text);
  return client;
}

const missing = new Set(['ParameterNotFound', 'ResourceNotFoundException']);

async function asking(call: () => Promise<string>, whenMissing: string): Promise<string> {
  try {
    return await call();
  } catch (error) {
    const { name, message } = error instanceof Error ? error : { name: '', message: String(error) };
    if (missing.has(name)) throw failed(`${whenMissing}: is it deployed, in this account and region?`);
    throw awsUnreachable(message, error);
  }
}

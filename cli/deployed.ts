import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { GetParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { environments } from '../lib/config/environments';
import { Deployment, deploymentParameter } from '../src/contracts/deployment';
import { strictValidator } from '../src/platform/config/validators';
import { awsUnreachable, failed, usageError } from './cli-error';
import type { OauthClient } from './tokens';

const maxAttempts = 3;
const environmentName = /^[a-z][a-z0-9-]{1,15}$/;
/** That of the literal, whatever the shell has: an environment is in one region. */
const regionOf = (environment: string): { readonly region?: string } => {
  const region = environments.find(({ name }) => name === environment)?.region;
  return region === undefined ? {} : { region };
};
const isDeployment = strictValidator(Deployment);

/**
 * What the stacks of an environment have written down, read with the caller's own AWS credentials.
 * @throws CliError unavailable when AWS does not answer, failed when nothing is deployed there
 */
export async function readDeployment(environment: string): Promise<Deployment> {
  if (!environmentName.test(environment)) throw usageError(`--env is not the name of an environment: ${environment}`);
  const name = deploymentParameter(environment);
  const text = await asking(async () => {
    const ssm = new SSMClient({ maxAttempts, ...regionOf(environment) });
    const { Parameter } = await ssm.send(new GetParameterCommand({ Name: name }));
    return Parameter?.Value ?? '';
  }, `SSM has no parameter ${name}`);
  const deployment: unknown = JSON.parse(text);
  if (isDeployment(deployment)) return deployment as Deployment;
  throw failed(`the parameter ${name} does not describe a platform: it is of another version than this command`);
}

/** The operator's client of a deployed platform. @throws CliError */
export async function readOperator({ operatorSecret }: Deployment, environment: string): Promise<OauthClient> {
  const text = await asking(async () => {
    const secrets = new SecretsManagerClient({ maxAttempts, ...regionOf(environment) });
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

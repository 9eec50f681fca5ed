import type { Environment } from '../../lib/config/environment';
import { type QuotaNeed, quotaNeeds } from '../../lib/config/quota-needs';
import { CliError } from '../cli-error';
import { checkLiteral } from './literal-checks';

export type Check = {
  readonly check: string;
  readonly state: 'ok' | 'failed' | 'unknown';
  readonly got: string;
  readonly needed: string;
  /** What to do about it. */
  readonly hint?: string;
};

/** What is asked of AWS, each undefined where there is no such thing. */
export type AwsAccount = {
  account(): Promise<string>;
  /** Version of the CDK's bootstrap stack. */
  bootstrapVersion(region: string): Promise<number | undefined>;
  /** Name of a hosted zone. */
  zoneName(hostedZoneId: string): Promise<string | undefined>;
  quota(service: string, code: string): Promise<number | undefined>;
  /** A setting of ECS, as it holds for who has none of their own. */
  ecsSetting(name: 'awsvpcTrunking'): Promise<string | undefined>;
  hasRole(name: string): Promise<boolean>;
};

/** What the CDK of this repository deploys with. */
const bootstrapNeeded = 30;
/** Certificates and firewalls of CloudFront are there alone. */
const edgeRegion = 'us-east-1';

/** Roles that AWS makes with the first resource of a kind; one that has just been made is not there for everybody at once. */
const serviceRoles = {
  autoScaling: {
    ...{ role: 'AWSServiceRoleForAutoScaling', service: 'autoscaling.amazonaws.com' },
    why: 'hosts of tenants',
  },
  search: {
    ...{ role: 'AWSServiceRoleForAmazonOpenSearchService', service: 'opensearchservice.amazonaws.com' },
    why: 'features.search',
  },
};
type ServiceRole = (typeof serviceRoles)[keyof typeof serviceRoles];

/**
 * Everything that a first deployment would stumble over, looked at beforehand: first what the literal alone shows, then
 * what the account does. Changes nothing. @throws CliError when AWS does not answer and that is all there is to tell
 */
export async function checkAws(environment: Environment, aws: AwsAccount): Promise<Check[]> {
  const literal = checkLiteral(environment);
  try {
    return [...literal, ...(await checkTheAccount(environment, aws))];
  } catch (error) {
    // Whoever has not filled in the literal often has no credentials yet.
    if (!(error instanceof CliError) || literal.every(({ state }) => state === 'ok')) throw error;
    const got = error.problem.detail ?? error.message;
    return [...literal, { check: 'AWS', state: 'unknown', got, needed: 'credentials of the account, for all else' }];
  }
}

function checkTheAccount(environment: Environment, aws: AwsAccount): Promise<Check[]> {
  const { region, peer, features, sharedCells } = environment;
  const regions = [...new Set([region, edgeRegion, ...(peer ? [peer.region] : [])])];
  return Promise.all([
    checkCredentials(environment, aws),
    ...regions.map((where) => checkBootstrap(where, environment, aws)),
    checkZone(environment, aws),
    checkServiceRole(serviceRoles.autoScaling, aws),
    ...(features.search ? [checkServiceRole(serviceRoles.search, aws)] : []),
    ...quotaNeeds(environment).map((need) => checkQuota(need, aws)),
    ...(sharedCells.length > 0 ? [checkTrunking(environment, aws)] : []),
  ]);
}

async function checkCredentials({ account, name }: Environment, aws: AwsAccount): Promise<Check> {
  const got = await aws.account();
  const check = { check: 'credentials', got, needed: account ?? 'those of an account that is filled in' };
  if (account === got) return { ...check, state: 'ok' };
  const hint =
    account === undefined
      ? `set account to '${got}' in lib/config/${name}.ts`
      : 'these credentials are of another account: choose another AWS_PROFILE';
  return { ...check, state: 'failed', hint };
}

async function checkBootstrap(region: string, { account }: Environment, aws: AwsAccount): Promise<Check> {
  const version = await aws.bootstrapVersion(region);
  const check = {
    check: `CDK bootstrap in ${region}`,
    got: String(version ?? 'none'),
    needed: `>= ${bootstrapNeeded}`,
  };
  if (version !== undefined && version >= bootstrapNeeded) return { ...check, state: 'ok' };
  return { ...check, state: 'failed', hint: `npx cdk bootstrap aws://${account ?? 'ACCOUNT'}/${region}` };
}

async function checkZone({ domain, name }: Environment, aws: AwsAccount): Promise<Check> {
  const check = { check: 'hosted zone', needed: domain.name };
  if (!domain.hostedZoneId) return { ...check, state: 'ok', got: 'made by the edge stack, to be delegated to' };
  const got = (await aws.zoneName(domain.hostedZoneId))?.replace(/\.$/, '');
  if (got !== undefined && (domain.name === got || domain.name.endsWith(`.${got}`)))
    return { ...check, state: 'ok', got };
  const hint = `domain.hostedZoneId in lib/config/${name}.ts is not the zone of ${domain.name}`;
  return { ...check, state: 'failed', got: got ?? 'none', hint };
}

async function checkServiceRole({ role, service, why }: ServiceRole, aws: AwsAccount): Promise<Check> {
  const check = { check: 'service-linked role', needed: `${role} (${why})` };
  if (await aws.hasRole(role)) return { ...check, state: 'ok', got: role };
  const hint = `aws iam create-service-linked-role --aws-service-name ${service}`;
  return { ...check, state: 'failed', got: 'none', hint };
}

/** Each task has an interface of its own, and a host by itself but a few. CloudFormation has no resource for the setting. */
async function checkTrunking({ region }: Environment, aws: AwsAccount): Promise<Check> {
  const got = (await aws.ecsSetting('awsvpcTrunking')) ?? 'not told';
  const check = { check: 'interfaces for tasks', got, needed: 'enabled (tenants of shared cells)' };
  if (got === 'enabled') return { ...check, state: 'ok' };
  const hint = `aws ecs put-account-setting-default --name awsvpcTrunking --value enabled --region ${region}`;
  return { ...check, state: 'failed', hint };
}

async function checkQuota({ service, code, name, needed, why }: QuotaNeed, aws: AwsAccount): Promise<Check> {
  const value = await aws.quota(service, code);
  const check = { check: name, needed: `>= ${needed} (${why})` };
  if (value === undefined)
    return { ...check, state: 'unknown', got: 'not told', hint: `look at ${code} in Service Quotas` };
  if (value >= needed) return { ...check, state: 'ok', got: String(value) };
  const raise = `aws service-quotas request-service-quota-increase --service-code ${service} --quota-code ${code} --desired-value ${needed}`;
  return { ...check, state: 'failed', got: String(value), hint: raise };
}

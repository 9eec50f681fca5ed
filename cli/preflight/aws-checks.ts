import type { Environment } from '../../lib/config/environment';
import { type QuotaNeed, quotaNeeds } from '../../lib/config/quota-needs';

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
};

/** What the CDK of this repository deploys with. */
const bootstrapNeeded = 30;
/** Certificates and firewalls of CloudFront are there alone. */
const edgeRegion = 'us-east-1';

/** Everything that a first deployment would stumble over, looked at beforehand. Changes nothing. */
export async function checkAws(environment: Environment, aws: AwsAccount): Promise<Check[]> {
  const regions = [...new Set([environment.region, edgeRegion])];
  const checks = [
    checkAccount(environment, aws),
    ...regions.map((region) => checkBootstrap(region, environment, aws)),
    checkZone(environment, aws),
    checkOriginCertificate(environment),
    ...quotaNeeds(environment).map((need) => checkQuota(need, aws)),
    ...(environment.sharedCells.length > 0 ? [checkTrunking(environment, aws)] : []),
  ];
  return Promise.all(checks);
}

async function checkAccount({ account, name }: Environment, aws: AwsAccount): Promise<Check> {
  const got = await aws.account();
  const check = { check: 'account', got, needed: account ?? 'not filled in' };
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
  if (domain.name.endsWith('example.com')) {
    const hint = `set domain.name in lib/config/${name}.ts to a domain of yours`;
    return { ...check, state: 'failed', got: domain.name, needed: 'a domain of yours', hint };
  }
  if (!domain.hostedZoneId) return { ...check, state: 'ok', got: 'made by the edge stack, to be delegated to' };
  const got = (await aws.zoneName(domain.hostedZoneId))?.replace(/\.$/, '');
  if (got !== undefined && (domain.name === got || domain.name.endsWith(`.${got}`)))
    return { ...check, state: 'ok', got };
  const hint = `domain.hostedZoneId in lib/config/${name}.ts is not the zone of ${domain.name}`;
  return { ...check, state: 'failed', got: got ?? 'none', hint };
}

async function checkOriginCertificate({ edge, name }: Environment): Promise<Check> {
  const check = { check: 'origin certificate', got: edge.originCertificateArn ?? 'none', needed: 'a certificate' };
  if (edge.originCertificateArn) return { ...check, state: 'ok' };
  return { ...check, state: 'failed', hint: `npm run edge-mtls -- --env ${name} makes it and prints its ARN` };
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

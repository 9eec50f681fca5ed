import { ApiKey, type RestApi, type Stage, UsagePlan } from 'aws-cdk-lib/aws-apigateway';
import { Construct } from 'constructs';
import { tiers } from '../../../src/contracts/tiers';
import { type UsageGroup, usageGroups, usageKey } from '../../../src/contracts/usage-plans';
import type { Environment, Rate } from '../../config/environment';

export type UsagePlansProps = {
  readonly api: RestApi;
  readonly stage: Stage;
  /** What the keys begin with: the authorizer names them by it. */
  readonly keysOf: string;
  readonly tenantsAtFullRate: Environment['edge']['tenantsAtFullRate'];
};

/** Of all operators together, and of all whose tier is not known. */
const others: Readonly<Record<Exclude<UsageGroup, keyof Environment['edge']['tenantsAtFullRate']>, Rate>> = {
  operator: { ratePerSecond: 200, burst: 1_000 },
  other: { ratePerSecond: 10, burst: 20 },
};

/**
 * A plan for each tier, with one key for all its tenants: what they may take together, so that no tier takes what
 * another one needs. The limit of each tenant is kept by the services (docs/adr/0017).
 */
export class UsagePlans extends Construct {
  constructor(scope: Construct, id: string, props: UsagePlansProps) {
    super(scope, id);
    for (const group of usageGroups) {
      const { ratePerSecond, burst } = rateOf(group, props.tenantsAtFullRate);
      const plan = new UsagePlan(this, group, {
        description: `All callers of the group ${group} together`,
        apiStages: [{ api: props.api, stage: props.stage }],
        throttle: { rateLimit: ratePerSecond, burstLimit: burst },
      });
      const value = usageKey(props.keysOf, group);
      plan.addApiKey(
        new ApiKey(this, `${group}-key`, { value, description: `Stands for the group ${group}; no secret` }),
      );
    }
  }
}

function rateOf(group: UsageGroup, tenantsAtFullRate: Environment['edge']['tenantsAtFullRate']): Rate {
  if (group === 'operator' || group === 'other') return others[group];
  const tier = tiers.find(({ name }) => name === group);
  if (!tier)
    throw new Error(`usage plans: ${group} is no tier; expected ${tiers.map(({ name }) => name).join(' or ')}`);
  const tenants = tenantsAtFullRate[group];
  return { ratePerSecond: tier.ratePerSecond * tenants, burst: tier.burst * tenants };
}

import { TierPlans } from '../../../contracts/tier-plan';
import { type PlanTier, shardsUnavailable } from '../../../platform/tenancy/tenant-stack-driver';
import { readJsonVariable } from './read-json-variable';

/** Plans as infrastructure has counted them. @throws KolateError KLT_CONFIG_INVALID */
export function readTierPlans(text: string): PlanTier {
  const plans = readJsonVariable('KOLATE_TIER_PLANS', TierPlans, text);
  return async (tier, shards = 1) => {
    // The template has one PostgreSQL.
    if (shards > 1) throw shardsUnavailable(tier, shards);
    return plans.find((plan) => plan.tier === tier);
  };
}

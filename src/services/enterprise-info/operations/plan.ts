import type { Plan } from '../../../contracts/http/operations';
import type { TierPlan } from '../../../contracts/tier-plan';
import type { SagaDefinition } from '../../../domain/sagas/saga';
import { findTier } from '../../../domain/tenancy/tiers';

/** What the saga would do, where the stores would be in `tier`, and what that makes, as far as the driver knows it. */
export function planOf({ name, steps }: SagaDefinition, tier: string, made?: TierPlan): Plan {
  const isolation = findTier(tier)?.isolation;
  return {
    kind: name,
    tier,
    steps: steps.map(({ name: step, command, undo, timeoutMs }) => ({
      name: step,
      command,
      ...(undo === undefined ? {} : { undo }),
      timeoutMs,
    })),
    ...(isolation === undefined ? {} : { stores: { ...isolation } }),
    ...(made === undefined ? {} : { resources: made.resources, cost: made.cost }),
  };
}

import type { Plan } from '../../../contracts/http/operations';
import type { SagaDefinition } from '../../../domain/sagas/saga';
import { findTier } from '../../../domain/tenancy/tiers';

/** What the saga would do, and where the stores would be in `tier`. */
export function planOf({ name, steps }: SagaDefinition, tier?: string): Plan {
  const isolation = tier === undefined ? undefined : findTier(tier)?.isolation;
  return {
    kind: name,
    ...(tier === undefined ? {} : { tier }),
    steps: steps.map(({ name: step, command, undo, timeoutMs }) => ({
      name: step,
      command,
      ...(undo === undefined ? {} : { undo }),
      timeoutMs,
    })),
    ...(isolation === undefined ? {} : { stores: { ...isolation } }),
  };
}

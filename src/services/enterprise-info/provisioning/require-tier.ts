import { KolateError } from '../../../contracts/errors';
import { findTier } from '../../../domain/tenancy/tiers';
import type { StepContext } from './step';

export function requireToTier({ input: { toTier }, command }: StepContext): string {
  if (toTier !== undefined) return toTier;
  throw new KolateError('KLT_EVENT_INVALID', `${command} needs the tier to go to`);
}

export function requireTier(name: string) {
  const tier = findTier(name);
  if (tier) return tier;
  throw new KolateError('KLT_TIER_UNKNOWN', `there is no tier "${name}"`);
}

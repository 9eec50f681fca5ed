import type { Route } from '../../contracts/http/route';
import type { Limit } from '../../contracts/limits';
import type { Identity } from '../../contracts/scopes';
import { findTier } from '../tenancy/tiers';

/** Of a tenant's calls that manage something: enough for any console, and no way to starve the others. */
const tenantControl: Limit = { ratePerSecond: 50, burst: 200 };
/** Of an operator, over all routes. */
const operator: Limit = { ratePerSecond: 200, burst: 1_000 };
/** Of a token that names no tier we know, such as one made before the tier was renamed. */
const unknownTier: Limit = { ratePerSecond: 10, burst: 20, dailyQuota: 10_000 };

export type LimitOf = { readonly key: string; readonly limit: Limit };

/**
 * Whose limit a call counts against and how large it is. Inference counts against the tenant's tier, all its clients
 * together; management has a limit of its own, so that neither starves the other.
 * @returns undefined for routes without a limit
 */
export function limitOf(identity: Identity, throttle: Route['throttle']): LimitOf | undefined {
  if (throttle === 'none') return undefined;
  if (identity.tenantId === undefined) return { key: `operator:${identity.subject}`, limit: operator };
  if (throttle === 'control') return { key: `${identity.tenantId}:control`, limit: tenantControl };
  const tier = findTier(identity.tier ?? '');
  return { key: `${identity.tenantId}:inference`, limit: tier ?? unknownTier };
}

import { type AccountQuota, accountQuotas, type StackTier } from '../../contracts/account-quotas';

/** How many tenants of each tier an account has. */
export type Tenants = Readonly<Partial<Record<StackTier, number>>>;

/** The quotas that one more tenant of that tier would break; none: the account takes it. */
export function quotasReached(
  tenants: Tenants,
  tier: StackTier,
  sharedHosts: number,
  quotas: readonly AccountQuota[] = accountQuotas,
): readonly AccountQuota[] {
  return quotas.filter((quota) => (quota.perTenant[tier] ?? 0) > 0 && leftOf(quota, tenants, sharedHosts, tier) < 1);
}

/** How many tenants of one tier an account takes when it has no others, and which quota says so. */
export function accountTakes(
  tier: StackTier,
  sharedHosts: number,
  quotas: readonly AccountQuota[] = accountQuotas,
): { readonly tenants: number; readonly by: string } | undefined {
  return quotas
    .filter((quota) => (quota.perTenant[tier] ?? 0) > 0)
    .map((quota) => ({ tenants: leftOf(quota, {}, sharedHosts, tier), by: quota.name }))
    .sort((a, b) => a.tenants - b.tenants)[0];
}

function leftOf(quota: AccountQuota, tenants: Tenants, sharedHosts: number, tier: StackTier): number {
  const used = (Object.keys(quota.perTenant) as StackTier[]).reduce(
    (sum, name) => sum + (tenants[name] ?? 0) * (quota.perTenant[name] ?? 0),
    quota.platform + sharedHosts * quota.perSharedHost,
  );
  return Math.floor((quota.limit - used) / (quota.perTenant[tier] ?? 1));
}

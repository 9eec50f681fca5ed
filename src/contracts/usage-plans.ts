import { type TierName, tierNames } from './http/tenants';
import type { Identity } from './scopes';

/** Whom API Gateway bounds together, so that no group of callers can take what another one needs. */
export const usageGroups = ['operator', ...tierNames, 'other'] as const;
export type UsageGroup = (typeof usageGroups)[number];

const isTier = (name: string | undefined): name is TierName => tierNames.some((tier) => tier === name);

/** The group of whoever holds a token; `other` for a tier that is not known, such as a renamed one. */
export const usageGroupOf = ({ tenantId, tier }: Pick<Identity, 'tenantId' | 'tier'>): UsageGroup =>
  tenantId === undefined ? 'operator' : isTier(tier) ? tier : 'other';

/**
 * The API key that stands for a group. Not a secret: API Gateway takes it from the authorizer alone, and ignores what a
 * client sends as one. At least 20 characters, and no other of its account and region is the same.
 */
export const usageKey = (stackName: string, group: UsageGroup): string => `${stackName}-usage-plan-${group}`;

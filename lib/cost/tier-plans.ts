import { tenantUserPrefix } from '../../src/contracts/cache-access';
import { type TierName, tierNames } from '../../src/contracts/http/tenants';
import { type PlannedResource, type TierPlan, tenantPlaceholder } from '../../src/contracts/tier-plan';
import type { AssembledStack } from '../assembly/assembly';
import { type Estimate, sum } from './estimate';
import { priceList } from './price-list';
import { madeBeside, stackOf, tenantEstimates } from './tenant-tiers';
import type { Usage } from './usage';

/** What one more tenant of each tier brings and costs in the region that `tenant`, the published template, is for. */
export function tierPlans(environment: string, tenant: AssembledStack, usage: Usage): TierPlan[] {
  const estimates = tenantEstimates({ environment, tenant }, usage);
  return tierNames.map((tier) => ({
    tier,
    resources: resourcesOf(tier, tenant, estimates[tier]),
    cost: {
      usdPerMonth: inCents(sum(estimates[tier].lines)),
      region: priceList.region,
      priceDate: priceList.date,
      note: noteOf(tier, estimates[tier]),
    },
  }));
}

/** Types of the template and what onboarding makes beside it, the dearest first. */
function resourcesOf(tier: TierName, tenant: AssembledStack, { lines }: Estimate): PlannedResource[] {
  const stack = stackOf(tenant, tier);
  const beside = madeBeside(tier).map(({ type, name }) => ({ type, name: name.replace('<tier>', tier) }));
  const inside = Object.entries(stack?.template.Resources ?? {}).map(([id, { Type }]) => ({
    type: Type,
    name: `kolate-tenant-${tenantPlaceholder}-${tier}-${id}*`,
  }));
  const all = Map.groupBy([...beside, ...inside, ...(tier === 'pool' ? inPool : [])], ({ type }) => type);
  const usdOf = (type: string): number => inCents(sum(lines.filter((line) => line.type === type)));
  return [...all]
    .map(([kind, made]) => ({
      kind,
      name: made.map(({ name }) => name).join(', '),
      count: made.length,
      where: whereOf(tier, kind, tenant.region),
      usdPerMonth: usdOf(kind),
    }))
    .sort((a, b) => b.usdPerMonth - a.usdPerMonth);
}

/** What a tenant of the pool has in the platform's own engines, which cost the same without it. */
const inPool = [
  { type: 'Database and role in Aurora', name: 't_<tenant id>' },
  { type: 'Database and user in DocumentDB', name: 't_<tenant id>' },
  { type: 'AWS::ElastiCache::User', name: `${tenantUserPrefix}<tenant id>` },
  { type: 'AWS::ElastiCache::User', name: `${tenantUserPrefix}<tenant id>-m` },
];

const onHost = new Set(['AWS::ECS::Service']);
const inZone = new Set(['AWS::EC2::Volume', 'AWS::AutoScaling::AutoScalingGroup']);

function whereOf(tier: TierName, type: string, region: string): string {
  if (onHost.has(type))
    return tier === 'shared-cell' ? `a host of a shared cell, ${region}` : `its own host, ${region}`;
  return inZone.has(type) ? `a zone of ${region}` : region;
}

function noteOf(tier: TierName, { lines, unpriced }: Estimate): string {
  const unsure = sum(lines.filter(({ sure }) => !sure));
  return [
    'list prices without discounts and taxes; traffic and its share of the platform are not in it',
    ...(tier === 'shared-cell' ? ['nor is its share of the cell’s hosts, which cost the same without it'] : []),
    ...(tier === 'pool' ? ['nor is its share of the engines of the pool, which cost the same without it'] : []),
    `USD ${unsure.toFixed(2)} of it from memory, 20 % either way`,
    ...unpriced.map(({ type, why }) => `NOT in the sum: ${type} (${why})`),
  ].join('; ');
}

const inCents = (usd: number): number => Math.round(usd * 100) / 100;

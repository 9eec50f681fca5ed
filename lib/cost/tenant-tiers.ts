import { tenantUse } from '../../src/contracts/cells';
import { type TierName, tierNames } from '../../src/contracts/http/tenants';
import { tierMembers } from '../../src/contracts/tenant-hosts';
import type { AssembledStack, Assembly } from '../assembly/assembly';
import { type Estimate, estimate, type Line } from './estimate';
import { madeWith } from './made-with';
import { priceList } from './price-list';
import type { Usage } from './usage';

/** What a tenant of those tiers has outside of its stack, with its price. */
type Made = {
  readonly type: string;
  readonly price: string;
  readonly name: string;
  readonly tiers: readonly TierName[];
};

/**
 * Made for a tenant by no template: the client that it signs in with, its credentials, the certificate of its engines,
 * and what the host of a shared cell tells of it.
 */
const madeForEach: readonly Made[] = [
  {
    ...{ type: 'AWS::Cognito::UserPoolClient', price: 'cognitoMachineClient', name: '<slug>-<tenant id>' },
    tiers: tierNames,
  },
  {
    ...{ type: 'AWS::SecretsManager::Secret', price: 'secret', name: 'tenant/<tenant id>/<tier>/stores' },
    tiers: tierNames,
  },
  {
    ...{ type: 'AWS::SecretsManager::Secret', price: 'secret', name: 'tenant/<tenant id>/<tier>/tls' },
    tiers: ['shared-cell', 'dedicated'],
  },
  ...[tenantUse.memory, tenantUse.disk].map(
    (metric): Made => ({
      ...{ type: 'AWS::CloudWatch::Metric', price: 'customMetric', name: `${tenantUse.namespace} ${metric}` },
      tiers: ['shared-cell'],
    }),
  ),
];

/** What a tenant of the tier has beside its stack. */
export const madeBeside = (tier: TierName): readonly Made[] => madeForEach.filter(({ tiers }) => tiers.includes(tier));

const linesOf = (made: readonly Made[]): Line[] =>
  made.map(({ type, price }) => {
    const { per, usd, sure } = priceList.prices[price]!;
    return { stack: 'tenant', path: 'onboarding', type, what: price, quantity: 1, per, usd, sure };
  });

/** With which a tier's stack differs from the template's defaults. */
const parametersOf: Readonly<Record<Exclude<TierName, 'pool'>, Readonly<Record<string, string>>>> = {
  // The host is the cell's own, and in the platform's estimate.
  'shared-cell': { CellId: 'some-cell' },
  dedicated: { Members: String(tierMembers.dedicated) },
};

/** What CloudFormation makes for a tenant of the tier; none for one that shares its engines. */
export const stackOf = (tenant: AssembledStack, tier: TierName): AssembledStack | undefined =>
  tier === 'pool' ? undefined : madeWith(tenant, parametersOf[tier]);

/** What one more tenant costs, by its tier. Its share of the platform's load is in the platform's own estimate. */
export function tenantEstimates(
  assembly: Pick<Assembly, 'tenant' | 'environment'>,
  usage: Usage,
): Readonly<Record<TierName, Estimate>> {
  const withStack = (tier: TierName): Estimate => {
    const lines = linesOf(madeBeside(tier));
    const stack = assembly.tenant && stackOf(assembly.tenant, tier);
    const why = 'this app publishes no template of tenants';
    if (!stack) return { lines, unpriced: [{ path: 'tenant', type: 'AWS::CloudFormation::Stack', why }] };
    // A gigabyte of logs, whatever the platform has.
    const stores = estimate(
      { environment: assembly.environment, stacks: [stack], acknowledgements: [] },
      { ...usage, logsGb: 1 },
    );
    return { lines: [...lines, ...stores.lines], unpriced: stores.unpriced };
  };
  const pool = { lines: linesOf(madeBeside('pool')), unpriced: [] };
  return { pool, 'shared-cell': withStack('shared-cell'), dedicated: withStack('dedicated') };
}

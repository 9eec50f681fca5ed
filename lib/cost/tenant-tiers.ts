import type { TierName } from '../../src/contracts/http/tenants';
import type { AssembledStack, Assembly } from '../assembly/assembly';
import { type Estimate, estimate, type Line } from './estimate';
import { madeWith } from './made-with';
import { priceList } from './price-list';
import type { Usage } from './usage';

/** A resource that a tenant has outside of its stack, with its price; `onlyStacks`: a tenant of the pool has none. */
type Made = { readonly type: string; readonly price: string; readonly name: string; readonly onlyStacks: boolean };

/** Made for every tenant while it is onboarded, by no template: the client that it signs in with, and its credentials. */
export const madeForEach: readonly Made[] = [
  {
    type: 'AWS::Cognito::UserPoolClient',
    price: 'cognitoMachineClient',
    name: '<slug>-<tenant id>',
    onlyStacks: false,
  },
  { type: 'AWS::SecretsManager::Secret', price: 'secret', name: 'tenant/<tenant id>/<tier>/stores', onlyStacks: false },
  { type: 'AWS::SecretsManager::Secret', price: 'secret', name: 'tenant/<tenant id>/<tier>/tls', onlyStacks: true },
];

const linesOf = (made: readonly Made[]): Line[] =>
  made.map(({ type, price }) => {
    const { per, usd, sure } = priceList.prices[price]!;
    return { stack: 'tenant', path: 'onboarding', type, what: price, quantity: 1, per, usd, sure };
  });

/** With which a tier's stack differs from the template's defaults. */
const parametersOf: Readonly<Record<Exclude<TierName, 'pool'>, Readonly<Record<string, string>>>> = {
  // The host is the cell's own, and in the platform's estimate.
  'shared-cell': { CellId: 'some-cell' },
  dedicated: {},
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
    const lines = linesOf(madeForEach);
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
  const pool = { lines: linesOf(madeForEach.filter(({ onlyStacks }) => !onlyStacks)), unpriced: [] };
  return { pool, 'shared-cell': withStack('shared-cell'), dedicated: withStack('dedicated') };
}

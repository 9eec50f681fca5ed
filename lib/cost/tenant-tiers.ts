import type { Assembly } from '../assembly/assembly';
import { type Estimate, estimate, type Line } from './estimate';
import { priceList } from './price-list';
import type { Usage } from './usage';

/** Made for every tenant while it is onboarded, by no template: the client that it signs in with, and its credentials. */
const madeForEach = ['cognitoMachineClient', 'secret'];

const lineOf = (name: string): Line => {
  const { per, usd, sure } = priceList.prices[name]!;
  return { stack: 'tenant', path: 'onboarding', type: 'onboarding', what: name, quantity: 1, per, usd, sure };
};

/** What one more tenant costs, by its tier. Its share of the platform's load is in the platform's own estimate. */
export function tenantEstimates(assembly: Assembly, usage: Usage): Readonly<Record<'pool' | 'dedicated', Estimate>> {
  const pool = { lines: madeForEach.map(lineOf), unpriced: [] };
  const { tenant } = assembly;
  if (!tenant) {
    const why = 'this app publishes no template of tenants';
    return { pool, dedicated: { ...pool, unpriced: [{ path: 'tenant', type: 'AWS::CloudFormation::Stack', why }] } };
  }
  // A gigabyte of logs, whatever the platform has.
  const stores = estimate({ ...assembly, stacks: [tenant] }, { ...usage, logsGb: 1 });
  return { pool, dedicated: { lines: [...pool.lines, ...stores.lines], unpriced: stores.unpriced } };
}

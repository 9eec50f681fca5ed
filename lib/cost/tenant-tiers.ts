import type { TierName } from '../../src/contracts/http/tenants';
import type { AssembledStack, Assembly } from '../assembly/assembly';
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
export function tenantEstimates(assembly: Assembly, usage: Usage): Readonly<Record<TierName, Estimate>> {
  const pool = { lines: madeForEach.map(lineOf), unpriced: [] };
  const { tenant } = assembly;
  if (!tenant) {
    const why = 'this app publishes no template of tenants';
    const unknown = { ...pool, unpriced: [{ path: 'tenant', type: 'AWS::CloudFormation::Stack', why }] };
    return { pool, 'shared-cell': unknown, dedicated: unknown };
  }
  // A gigabyte of logs, whatever the platform has.
  const withStack = (stack: AssembledStack): Estimate => {
    const stores = estimate({ ...assembly, stacks: [stack] }, { ...usage, logsGb: 1 });
    return { lines: [...pool.lines, ...stores.lines], unpriced: stores.unpriced };
  };
  return { pool, 'shared-cell': withStack(withoutHost(tenant)), dedicated: withStack(tenant) };
}

/** In a shared cell the template makes no host: the cell's own stack has it, and its cost is in the platform's estimate. */
function withoutHost(tenant: AssembledStack): AssembledStack {
  const resources = Object.entries(tenant.template.Resources).filter(([, { Condition }]) => Condition === undefined);
  return { ...tenant, template: { ...tenant.template, Resources: Object.fromEntries(resources) } };
}

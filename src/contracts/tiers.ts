import { maxShards, type Tier, type TierName } from './http/tenants';

/** What a tier promises, as data. `available` is not here: what an installation can provide is the driver's to say. */
export type TierDefinition = Omit<Tier, 'name' | 'available'> & { readonly name: TierName };

/** How a store is kept apart: a database in a shared cluster, or an engine of the tenant's own. */
export type StoreIsolation = { readonly [store in 'postgres' | 'mongo' | 'redis']: string };

const pool: TierDefinition = {
  name: 'pool',
  description: 'A database, a document database and a key space of its own in shared engines',
  maxShards: 1,
  isolation: { postgres: 'pool', mongo: 'pool', redis: 'pool' },
  ratePerSecond: 50,
  burst: 100,
  dailyQuota: 200_000,
  retentionDays: 30,
  backup: 'with the shared engines, daily',
  priceBook: 'pool-2026',
};

const sharedCell: TierDefinition = {
  name: 'shared-cell',
  description: 'Engines of its own, on a host that other tenants have theirs on too',
  isolation: { postgres: 'shared-cell', mongo: 'shared-cell', redis: 'shared-cell' },
  ratePerSecond: 200,
  burst: 400,
  dailyQuota: 1_000_000,
  retentionDays: 90,
  maxShards: 1,
  backup: 'with the volume of the host, daily',
  priceBook: 'shared-cell-2026',
};

const dedicated: TierDefinition = {
  name: 'dedicated',
  description: 'Engines of its own: PostgreSQL, document store and Redis run for this tenant alone',
  maxShards,
  isolation: { postgres: 'dedicated', mongo: 'dedicated', redis: 'dedicated' },
  ratePerSecond: 500,
  burst: 1_000,
  dailyQuota: 5_000_000,
  retentionDays: 365,
  backup: 'of its own, continuous',
  priceBook: 'dedicated-2026',
};

export const tiers: readonly TierDefinition[] = [pool, sharedCell, dedicated];

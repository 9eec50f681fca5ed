import type { Counts } from './tenant-data';

/** How the PostgreSQL shard is called in counts and exports: shard 0 as the only one of a tenant without shards. */
export const shardStore = (index: number): string => (index === 0 ? 'postgres' : `postgres-shard-${index}`);

/** Tables whose rows lie where their key says: only these have rows of the tenant on a shard after the first. */
export const spreadTables: readonly string[] = ['prediction.prediction'];

/**
 * Where consumers stand in what a shard has taken. It holds for the rows of that shard alone: with another number of shards
 * it would claim rows of others that never came. Without it nothing is stored twice, since every row has an id.
 */
export const positionTables: readonly string[] = ['prediction.consumer_offset'];

/** The counts of all shards as of one database, without what does not move to another number of shards. */
export function foldShards(counts: Counts): Counts {
  const folded: Record<string, number> = {};
  for (const [what, n] of Object.entries(counts)) {
    const one = what.replace(/^postgres-shard-\d+:/, 'postgres:');
    if (positionTables.some((table) => one === `postgres:${table}`)) continue;
    folded[one] = (folded[one] ?? 0) + n;
  }
  return folded;
}

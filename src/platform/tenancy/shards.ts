import { KolateError } from '../../contracts/errors';
import type { Postgres } from '../postgres/create-postgres';
import { shardOf } from './shard-of';

/** The PostgreSQL databases of one tenant, of which most have one. Shard 0 is `TenantHandles.sql` too. */
export type Shards = {
  readonly count: number;
  /** Which shard holds `key`: text, and the same text for the same thing (ids in lower case). */
  indexOf(key: string): number;
  of(key: string): Postgres<'tenant'>;
  at(index: number): Postgres<'tenant'>;
  all(): readonly Postgres<'tenant'>[];
};

/** @param databases all of them, in the order in which the placement lists them */
export function createShards(databases: readonly Postgres<'tenant'>[]): Shards {
  const count = databases.length;
  const indexOf = count === 1 ? () => 0 : (key: string) => shardOf(key, count);
  const at = (index: number): Postgres<'tenant'> => {
    const database = databases[index];
    if (!database) throw new KolateError('KLT_INTERNAL', `there is no shard ${index} of ${count}`);
    return database;
  };
  return { count, indexOf, at, of: (key) => at(indexOf(key)), all: () => databases };
}

export const shardLabel = (index: number, count: number): string =>
  count === 1 ? 'PostgreSQL' : `PostgreSQL shard ${index} (of 0 to ${count - 1})`;

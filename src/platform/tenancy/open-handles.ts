import { createTenantMongo, type TenantMongo } from '../mongo/create-tenant-mongo';
import { createPostgres, type Postgres } from '../postgres/create-postgres';
import type { SecretStore } from '../secrets/secret-store';
import { createTenantRedis, type TenantRedis } from './create-tenant-redis';
import { type Placement, postgresOf, trustOf } from './placement';
import { createShards, type Shards, shardLabel } from './shards';
import { passwordOf, type StoreUse } from './stack-credentials';

/**
 * The stores of one tenant. What has a `TenantSql` cannot be given a core one: they are told apart by their brand.
 * Handles are closed when they are not used for a while, so they are opened for each piece of work and not kept.
 */
export type TenantHandles = {
  /** What is small: all but the tables that are spread over `shards`. It is shard 0. */
  readonly sql: Postgres<'tenant'>;
  readonly shards: Shards;
  readonly mongo: TenantMongo;
  readonly redis: TenantRedis;
  readonly placement: Placement;
};

export type HandleOptions = {
  readonly secrets: SecretStore;
  /** Of the process, shown by the servers. */
  readonly name: string;
  /** Of each store of each tenant. */
  readonly maxConnections?: number;
  /** Of one SQL statement (10 s). */
  readonly statementTimeoutMs?: number;
};

/** After its own timeout, until a server counts as silent. */
const silenceMs = 2_000;

/** Handles on the stores that `placement` names. Nothing is connected before it is used. */
export function openHandles(placement: Placement, options: HandleOptions): TenantHandles {
  const { secrets, name, maxConnections = 4, statementTimeoutMs = 10_000 } = options;
  const { mongo, redis, members } = placement.endpoints;
  const tls = trustOf(placement.endpoints);
  const password = (of: StoreUse, user: string) => passwordOf(secrets, placement.secretName, of, user);
  const databases = postgresOf(placement.endpoints).map(({ host, port, user, database }, index, { length }) =>
    createPostgres('tenant', {
      url: `postgresql://${encodeURIComponent(user)}@${host}:${port}/${database}`,
      label: shardLabel(index, length),
      password: password('postgres', user),
      tls,
      name,
      members,
      maxConnections,
      statementTimeoutMs,
      // One silent shard of many must not keep a question to all of them for ever, nor a member whose host has gone.
      ...((length > 1 || members) && { answerTimeoutMs: statementTimeoutMs + silenceMs }),
    }),
  );
  const shards = createShards(databases);
  return {
    placement,
    sql: shards.at(0),
    shards,
    mongo: createTenantMongo({ ...mongo, tls, password: password('mongo', mongo.user), name, maxConnections }),
    redis: createTenantRedis({ ...redis, members, tls, password: password('redis', redis.user), name }),
  };
}

export async function closeHandles({ shards, mongo, redis }: TenantHandles): Promise<void> {
  await Promise.allSettled([...shards.all().map(({ close }) => close()), mongo.close(), redis.close()]);
}

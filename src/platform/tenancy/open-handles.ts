import { createTenantMongo, type TenantMongo } from '../mongo/create-tenant-mongo';
import { createPostgres, type Postgres } from '../postgres/create-postgres';
import type { SecretStore } from '../secrets/secret-store';
import { createTenantRedis, type TenantRedis } from './create-tenant-redis';
import { type Placement, trustOf } from './placement';
import { passwordOf } from './stack-credentials';

/**
 * The stores of one tenant. What has a `TenantSql` cannot be given a core one: they are told apart by their brand.
 * Handles are closed when they are not used for a while, so they are opened for each piece of work and not kept.
 */
export type TenantHandles = {
  readonly sql: Postgres<'tenant'>;
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

/** Handles on the stores that `placement` names. Nothing is connected before it is used. */
export function openHandles(placement: Placement, options: HandleOptions): TenantHandles {
  const { secrets, name, maxConnections = 4, statementTimeoutMs } = options;
  const { postgres, mongo, redis } = placement.endpoints;
  const tls = trustOf(placement.endpoints);
  const password = (of: 'postgres' | 'mongo' | 'redis') => passwordOf(secrets, placement.secretName, of);
  return {
    placement,
    sql: createPostgres('tenant', {
      url: `postgresql://${encodeURIComponent(postgres.user)}@${postgres.host}:${postgres.port}/${postgres.database}`,
      password: password('postgres'),
      tls,
      name,
      maxConnections,
      statementTimeoutMs,
    }),
    mongo: createTenantMongo({ ...mongo, tls, password: password('mongo'), name, maxConnections }),
    redis: createTenantRedis({ ...redis, tls, password: password('redis'), name }),
  };
}

export async function closeHandles({ sql, mongo, redis }: TenantHandles): Promise<void> {
  await Promise.allSettled([sql.close(), mongo.close(), redis.close()]);
}

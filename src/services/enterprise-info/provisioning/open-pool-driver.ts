import type { ElastiCacheClient } from '@aws-sdk/client-elasticache';
import { GetSecretValueCommand, type SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import type { CloudFormationDriverEnv } from '../../../contracts/env/tenant-driver-env';
import { KolateError } from '../../../contracts/errors';
import { parseStoreSecret, type StoreSecret } from '../../../platform/rotation/store-secret';
import { createPoolStackDriver } from '../../../platform/tenancy/pool/create-pool-stack-driver';
import { createElastiCacheTenants } from '../../../platform/tenancy/pool/elasticache-tenants';
import { createMongoTenants } from '../../../platform/tenancy/pool/mongo-tenant';
import type { AdminUrl } from '../../../platform/tenancy/pool/shared-store';
import type { TenantStackDriver } from '../../../platform/tenancy/tenant-stack-driver';

export type PoolEnv = Pick<
  CloudFormationDriverEnv,
  'KOLATE_ENV' | Extract<keyof CloudFormationDriverEnv, `KOLATE_POOL_${string}`>
>;
type Clients = { readonly secrets: SecretsManagerClient; readonly cache: ElastiCacheClient };

/** Tenants in the platform's own Aurora, DocumentDB and ElastiCache: all of them speak TLS alone. */
export function openPoolDriver(env: PoolEnv, { secrets, cache }: Clients): TenantStackDriver {
  const { KOLATE_POOL_POSTGRES: postgres, KOLATE_POOL_DOCUMENTS: documents, KOLATE_POOL_CACHE: keys } = env;
  const admin =
    (engine: 'postgres' | 'mongo', base: string, secret: string, query: string): AdminUrl =>
    async () =>
      urlOf(base, await readAdmin(secrets, secret, engine, addressOf(base)), query);
  return createPoolStackDriver({
    adminUrl: admin('postgres', postgres, env.KOLATE_POOL_POSTGRES_SECRET, 'sslmode=verify-full'),
    documents: createMongoTenants(
      admin(
        'mongo',
        `${documents}/`,
        env.KOLATE_POOL_DOCUMENTS_SECRET,
        'tls=true&directConnection=true&retryWrites=false',
      ),
    ),
    keys: createElastiCacheTenants({
      ...{ client: cache, url: keys, userGroupId: env.KOLATE_POOL_CACHE_GROUP },
      tags: { 'kolate:environment': env.KOLATE_ENV },
    }),
    addresses: { tls: true, postgres: addressOf(postgres), document: addressOf(documents), valkey: addressOf(keys) },
  });
}

function addressOf(url: string): { readonly host: string; readonly port: number } {
  const { hostname: host, port } = new URL(url);
  return { host, port: Number(port) };
}

function urlOf(base: string, { username, password }: StoreSecret, query: string): string {
  const url = new URL(base);
  url.username = encodeURIComponent(username);
  url.password = encodeURIComponent(password);
  url.search = query;
  return url.href;
}

/** As it is now: RDS changes it by itself. What RDS keeps has no address in it. */
async function readAdmin(
  client: SecretsManagerClient,
  SecretId: string,
  engine: StoreSecret['engine'],
  address: { readonly host: string; readonly port: number },
): Promise<StoreSecret> {
  const { SecretString = '' } = await client.send(new GetSecretValueCommand({ SecretId })).catch((cause: unknown) => {
    throw new KolateError('KLT_DEPENDENCY_UNAVAILABLE', 'Secrets Manager does not answer', { cause });
  });
  return parseStoreSecret(SecretId, SecretString, { engine, ...address });
}

import { randomBytes } from 'node:crypto';
import { Client, escapeIdentifier } from 'pg';
import { createDocumentTenants } from '../../local/tenant-stacks/document-tenant';
import { createPoolStackDriver } from '../../src/platform/tenancy/pool/create-pool-stack-driver';
import { createElastiCacheClient } from '../../src/platform/tenancy/pool/elasticache-client';
import { createElastiCacheTenants } from '../../src/platform/tenancy/pool/elasticache-tenants';
import { elastiCacheEndpoint } from './elasticache-endpoint';
import { testSharedEngines } from './engines';
import { aws } from './ministack';

/**
 * The pool of AWS on the engines of the tests: PostgreSQL by an administrator who is no superuser, as Aurora's, Valkey by
 * the API of ElastiCache. The document engine is FerretDB with users of its own: it knows no roles of one database.
 */
export async function awsPool() {
  const shared = await testSharedEngines();
  const cache = await elastiCacheEndpoint(shared.valkey.url);
  const adminUrl = await makeAdministrator(shared.postgres.url);
  const redis = createElastiCacheClient({ ...aws, endpoint: cache.url });
  const { host, port } = shared.valkey;
  const open = () =>
    createPoolStackDriver({
      adminUrl: async () => adminUrl.href,
      documents: createDocumentTenants(shared.documentPostgres.url),
      keys: createElastiCacheTenants({
        ...{ client: redis, userGroupId: cache.userGroupId, url: `redis://${host}:${port}`, pollMs: 2 },
      }),
      addresses: { postgres: shared.postgres, document: shared.document, valkey: shared.valkey },
    });
  return {
    cache,
    shared,
    adminUrl,
    /** As another process has it. */
    open,
    driver: open(),
    async close(): Promise<void> {
      redis.destroy();
      await cache.close();
      await asSuperuser(shared.postgres.url, (client) => dropAdministrator(client, adminUrl.username));
    },
  };
}
export type AwsPool = Awaited<ReturnType<typeof awsPool>>;

async function makeAdministrator(superuser: string): Promise<URL> {
  const name = `pool_admin_${randomBytes(6).toString('hex')}`;
  const password = randomBytes(12).toString('hex');
  await asSuperuser(superuser, (client) =>
    client.query(`create role ${name} login createdb createrole nosuperuser password '${password}'`),
  );
  return Object.assign(new URL(superuser), { username: name, password });
}

/** With what a test has left. */
async function dropAdministrator(client: Client, name: string): Promise<void> {
  await client.query(`drop owned by ${escapeIdentifier(name)} cascade`);
  await client.query(`drop role ${escapeIdentifier(name)}`);
}

async function asSuperuser(url: string, act: (client: Client) => Promise<unknown>): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    await act(client);
  } finally {
    await client.end();
  }
}

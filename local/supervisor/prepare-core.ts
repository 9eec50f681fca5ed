import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createPostgres } from '../../src/platform/postgres/create-postgres';
import { migrate, readMigrations } from '../../src/platform/postgres/migrate';
import type { DatabaseEndpoint } from '../engines/engine';
import type { S3Endpoint } from '../engines/s3-engine';
import type { Core } from './core-engines';

export const coreDatabase = 'kolate';
export type CoreRole = 'enterprise_info' | 'core' | 'predict';

/** The same cluster, another database, and another role where one is given. */
export function databaseUrl(endpoint: DatabaseEndpoint, database: string, role?: string, password?: string): string {
  const url = new URL(endpoint.url);
  url.pathname = `/${database}`;
  if (role !== undefined) url.username = role;
  if (password !== undefined) url.password = password;
  return url.href;
}

/**
 * The core database with its migrations, and each service's role with its own password. Nobody else may connect: the
 * cluster has the databases of `pool` tenants too.
 * @returns the migrations applied now
 */
export async function prepareCoreDatabase(
  { endpoint, engine }: Core<DatabaseEndpoint>,
  folder: string,
  passwords: Readonly<Record<CoreRole, string>>,
): Promise<string[]> {
  await createDatabase(endpoint, engine !== undefined);
  const core = createPostgres('core', {
    url: databaseUrl(endpoint, coreDatabase),
    name: 'supervisor',
    statementTimeoutMs: 60_000,
    maxConnections: 1,
  });
  try {
    const applied = await migrate(core, await readMigrations(folder));
    for (const [role, password] of Object.entries(passwords)) {
      // Roles are ours and passwords hexadecimal; neither can be a parameter here.
      await core.sql.query(`alter role ${role} with login password '${password}'`);
      await core.sql.query(`grant connect on database ${coreDatabase} to ${role}`);
    }
    return applied;
  } finally {
    await core.close();
  }
}

async function createDatabase(endpoint: DatabaseEndpoint, isOurs: boolean): Promise<void> {
  const cluster = createPostgres('core', { url: endpoint.url, name: 'supervisor', maxConnections: 1 });
  try {
    const there = await cluster.sql.maybe`select from pg_database where datname = ${coreDatabase}`;
    if (!there) await cluster.sql.query(`create database ${coreDatabase}`);
    // Who may connect to the rest of somebody's own cluster is not our business.
    for (const database of isOurs ? [coreDatabase, 'postgres'] : [coreDatabase]) {
      await cluster.sql.query(`revoke connect on database ${database} from public`);
    }
  } finally {
    await cluster.close();
  }
}

/**
 * Makes the buckets that are missing, versioned. `folder` is where each bucket of our own engine is a folder, so that
 * looking costs nothing; of another engine everything is asked.
 */
export async function ensureBuckets(
  s3: S3Endpoint,
  folder: string | undefined,
  names: readonly string[],
): Promise<void> {
  const missing = names.filter((name) => folder === undefined || !existsSync(join(folder, name)));
  if (missing.length === 0) return;
  // Loaded on the first start only: 30 MB that the supervisor would keep for ever.
  const { CreateBucketCommand, PutBucketVersioningCommand, S3Client } = await import('@aws-sdk/client-s3');
  const { endpoint, region, accessKeyId, secretAccessKey } = s3;
  const client = new S3Client({
    endpoint,
    region,
    forcePathStyle: true,
    credentials: { accessKeyId, secretAccessKey },
  });
  for (const Bucket of missing) {
    await client.send(new CreateBucketCommand({ Bucket })).catch((error: unknown) => {
      const name = typeof error === 'object' && error !== null && 'name' in error ? error.name : undefined;
      if (name !== 'BucketAlreadyOwnedByYou') throw error;
    });
    await client.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status: 'Enabled' } }));
  }
  client.destroy();
}

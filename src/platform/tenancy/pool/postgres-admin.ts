import { Client } from 'pg';
import { mapPostgresError } from '../../postgres/sql';

/** A session of who may make roles and databases. */
export type PostgresAdmin = Pick<Client, 'query'>;

/** @throws KolateError KLT_DEPENDENCY_UNAVAILABLE when the engine does not answer */
export async function withPostgresAdmin<T>(url: string, act: (admin: PostgresAdmin) => Promise<T>): Promise<T> {
  const client = new Client({
    connectionString: url,
    connectionTimeoutMillis: 5_000,
    query_timeout: 60_000,
    keepAlive: true,
  });
  client.on('error', () => undefined);
  try {
    await client.connect();
    return await act(client);
  } catch (error) {
    // An engine that is being started again is an outage, which is waited out, and not a stack that cannot be built.
    throw mapPostgresError(error);
  } finally {
    await client.end().catch(() => undefined);
  }
}

export const roleExists = (admin: PostgresAdmin, name: string): Promise<boolean> =>
  exists(admin, 'select from pg_roles where rolname = $1', name);

export const databaseExists = (admin: PostgresAdmin, name: string): Promise<boolean> =>
  exists(admin, 'select from pg_database where datname = $1', name);

async function exists(admin: PostgresAdmin, query: string, name: string): Promise<boolean> {
  return (await admin.query(query, [name])).rowCount === 1;
}

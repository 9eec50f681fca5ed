import { Client, escapeIdentifier, escapeLiteral } from 'pg';
import { mapPostgresError } from '../../src/platform/postgres/sql';
import type { TenantNames } from './tenant-names';

const connectionLimit = 40;

/**
 * A role and its own database in the cluster of `adminUrl`, or a new password for the role that is there. Nobody but the
 * owner and the superuser may connect to it.
 */
export function ensurePostgresTenant(adminUrl: string, { user, database }: TenantNames, password: string) {
  return withClient(adminUrl, async (client) => {
    const role = escapeIdentifier(user);
    const login = `login nosuperuser nocreatedb nocreaterole noreplication nobypassrls connection limit ${connectionLimit}`;
    const verb = (await exists(client, 'pg_roles', 'rolname', user)) ? 'alter' : 'create';
    await client.query(`${verb} role ${role} ${login} password ${escapeLiteral(password)}`);
    const name = escapeIdentifier(database);
    if (!(await exists(client, 'pg_database', 'datname', database))) {
      await client.query(`create database ${name} owner ${role} template template0`);
    }
    await client.query(`revoke connect, temporary on database ${name} from public`);
  });
}

/** Also when they are gone already. */
export function dropPostgresTenant(adminUrl: string, { user, database }: TenantNames) {
  return withClient(adminUrl, async (client) => {
    await client.query(`drop database if exists ${escapeIdentifier(database)} with (force)`);
    await client.query(`drop role if exists ${escapeIdentifier(user)}`);
  });
}

/** The document user of a tenant, made in the cluster that FerretDB stands on: its users are that cluster's roles. */
export function ensureDocumentTenant(adminUrl: string, { user }: TenantNames, password: string) {
  return withClient(adminUrl, async (client) => {
    // The only roles that the extension knows; it does not enforce narrower ones.
    const roles = [
      { role: 'readWriteAnyDatabase', db: 'admin' },
      { role: 'clusterAdmin', db: 'admin' },
    ];
    const known = await exists(client, 'pg_roles', 'rolname', user);
    const spec = known ? { updateUser: user, pwd: password } : { createUser: user, pwd: password, roles };
    await client.query(`select documentdb_api.${known ? 'update' : 'create'}_user($1::documentdb_core.bson)`, [
      JSON.stringify(spec),
    ]);
  });
}

/** Also when they are gone already. */
export function dropDocumentTenant(adminUrl: string, { user, database }: TenantNames) {
  return withClient(adminUrl, async (client) => {
    await client.query('select documentdb_api.drop_database($1)', [database]);
    if (!(await exists(client, 'pg_roles', 'rolname', user))) return;
    await client.query('select documentdb_api.drop_user($1::documentdb_core.bson)', [
      JSON.stringify({ dropUser: user }),
    ]);
  });
}

async function exists(client: Client, table: string, column: string, name: string): Promise<boolean> {
  const { rowCount } = await client.query(`select from ${table} where ${column} = $1`, [name]);
  return rowCount === 1;
}

async function withClient(url: string, act: (client: Client) => Promise<void>): Promise<void> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 5_000, query_timeout: 60_000 });
  client.on('error', () => undefined);
  try {
    await client.connect();
    await act(client);
  } catch (error) {
    // An engine that is being started again is an outage, which is waited out, and not a stack that cannot be built.
    throw mapPostgresError(error);
  } finally {
    await client.end().catch(() => undefined);
  }
}

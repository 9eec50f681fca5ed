import { type PostgresAdmin, roleExists, withPostgresAdmin } from '../../src/platform/tenancy/pool/postgres-admin';
import type { SharedStore } from '../../src/platform/tenancy/pool/shared-store';

/** The document users of tenants, made in the cluster that FerretDB stands on: its users are that cluster's roles. */
export function createDocumentTenants(adminUrl: string): SharedStore {
  return {
    ensure: ({ user }, { mongo }) => withPostgresAdmin(adminUrl, (admin) => ensureUser(admin, user, mongo)),
    drop: ({ user, database }) =>
      withPostgresAdmin(adminUrl, async (admin) => {
        await admin.query('select documentdb_api.drop_database($1)', [database]);
        if (await roleExists(admin, user)) await call(admin, 'drop_user', { dropUser: user });
      }),
  };
}

async function ensureUser(admin: PostgresAdmin, user: string, password: string): Promise<void> {
  // The only roles that the extension knows; it does not enforce narrower ones.
  const roles = [
    { role: 'readWriteAnyDatabase', db: 'admin' },
    { role: 'clusterAdmin', db: 'admin' },
  ];
  if (await roleExists(admin, user)) await call(admin, 'update_user', { updateUser: user, pwd: password });
  else await call(admin, 'create_user', { createUser: user, pwd: password, roles });
}

async function call(admin: PostgresAdmin, name: string, spec: object): Promise<void> {
  await admin.query(`select documentdb_api.${name}($1::documentdb_core.bson)`, [JSON.stringify(spec)]);
}

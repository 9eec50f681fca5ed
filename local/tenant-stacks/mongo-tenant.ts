import type { Db } from 'mongodb';
import type { TenantNames } from './tenant-names';

const userNotFound = 11;

/** The user of a tenant in a MongoDB of the operator's own, which may read and write its one database alone. */
export function ensureMongoTenant(adminUrl: string, { user, database }: TenantNames, password: string): Promise<void> {
  return withAdmin(adminUrl, async (admin) => {
    const roles = ['readWrite', 'dbAdmin'].map((role) => ({ role, db: database }));
    const { users } = await admin.command({ usersInfo: user });
    const verb = users.length > 0 ? 'updateUser' : 'createUser';
    await admin.command({ [verb]: user, pwd: password, roles, mechanisms: ['SCRAM-SHA-256'] });
  });
}

/** Also when they are gone already. */
export function dropMongoTenant(adminUrl: string, { user, database }: TenantNames): Promise<void> {
  return withAdmin(adminUrl, async (admin, other) => {
    await other(database).dropDatabase();
    await admin.command({ dropUser: user }).catch((error: unknown) => {
      const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
      if (code !== userNotFound) throw error;
    });
  });
}

async function withAdmin(url: string, act: (admin: Db, other: (name: string) => Db) => Promise<void>): Promise<void> {
  // Loaded when a tenant is made: whoever only runs engines does not carry it.
  const { MongoClient } = await import('mongodb');
  const client = new MongoClient(url, { serverSelectionTimeoutMS: 5_000, socketTimeoutMS: 60_000 });
  try {
    await act(client.db('admin'), (name) => client.db(name));
  } finally {
    await client.close();
  }
}

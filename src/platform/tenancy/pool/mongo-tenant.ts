import type { Db } from 'mongodb';
import type { AdminUrl, SharedStore } from './shared-store';
import type { TenantNames } from './tenant-names';

const userNotFound = 11;

/**
 * Users of DocumentDB, or of a MongoDB of the operator's own, who may read and write their one database alone.
 * @param mechanisms by which they sign in. @default - those of the engine
 */
export function createMongoTenants(adminUrl: AdminUrl, mechanisms?: readonly string[]): SharedStore {
  return {
    ensure: async ({ user, database }, { mongo }) =>
      withAdmin(await adminUrl(), async (admin) => {
        const roles = [{ role: 'readWrite', db: database }];
        const { users } = await admin.command({ usersInfo: user });
        const verb = users.length > 0 ? 'updateUser' : 'createUser';
        await admin.command({ [verb]: user, pwd: mongo, roles, ...(mechanisms && { mechanisms }) });
      }),
    drop: async (names) => withAdmin(await adminUrl(), (admin, other) => drop(names, admin, other)),
  };
}

type Other = (name: string) => Db;

async function drop({ user, database }: TenantNames, admin: Db, other: Other): Promise<void> {
  await other(database).dropDatabase();
  await admin.command({ dropUser: user }).catch((error: unknown) => {
    const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
    if (code !== userNotFound) throw error;
  });
}

async function withAdmin(url: string, act: (admin: Db, other: Other) => Promise<void>): Promise<void> {
  // Loaded when a tenant is made: whoever only runs engines does not carry it.
  const { MongoClient } = await import('mongodb');
  const client = new MongoClient(url, { serverSelectionTimeoutMS: 5_000, socketTimeoutMS: 60_000 });
  try {
    await act(client.db('admin'), (name) => client.db(name));
  } catch (error) {
    const { toMongoError } = await import('../../mongo/mongo-client');
    throw toMongoError(error);
  } finally {
    await client.close();
  }
}

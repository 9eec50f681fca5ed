import { type Db, MongoClient } from 'mongodb';
import { type StoreSecret, tlsOf } from './store-secret';
import type { NewPassword } from './store-users';

/** The second user has the roles of the first. */
export const setMongoPassword = (by: StoreSecret, { username, password, like }: NewPassword): Promise<void> =>
  withAdmin(by, async (admin) => {
    const find = async (name: string) => (await admin.command({ usersInfo: name })).users?.[0];
    // Roles stay when an update does not name them.
    if (by.username === username || (await find(username))) {
      await admin.command({ updateUser: username, pwd: password });
      return;
    }
    const roles = (await find(like))?.roles;
    if (!Array.isArray(roles)) throw new Error(`there is no user ${like} to take after`);
    await admin.command({ createUser: username, pwd: password, roles });
  });

export const tryMongo = (secret: StoreSecret): Promise<void> =>
  withAdmin(secret, async (admin) => {
    await admin.command({ ping: 1 });
  });

async function withAdmin(secret: StoreSecret, act: (admin: Db) => Promise<void>): Promise<void> {
  const tls = tlsOf(secret);
  const client = new MongoClient(`mongodb://${secret.host}:${secret.port}/?directConnection=true`, {
    auth: { username: secret.username, password: secret.password },
    // DocumentDB, which is always spoken to over TLS, has the older one alone: what is better is agreed upon then.
    authMechanism: tls ? 'DEFAULT' : 'SCRAM-SHA-256',
    ...(typeof tls === 'object' ? { tls: true, ca: tls.ca } : { tls }),
    appName: 'rotate-secret',
    serverSelectionTimeoutMS: 5_000,
    socketTimeoutMS: 10_000,
    retryWrites: false,
  });
  try {
    await act((await client.connect()).db('admin'));
  } finally {
    await client.close();
  }
}

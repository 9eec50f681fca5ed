import { randomUUID } from 'node:crypto';
import type { Document } from 'mongodb';
import { createMongoTenants } from '../../../src/platform/tenancy/pool/mongo-tenant';
import { tenantNames } from '../../../src/platform/tenancy/pool/tenant-names';
import { mongoRecorder } from '../../helpers/mongo-recorder';
import { newCredentials } from '../../helpers/stack-agent';

const names = tenantNames(randomUUID());
const roles = [{ role: 'readWrite', db: names.database }];
const credentials = newCredentials();

/** What DocumentDB is asked, which no machine has: the engine of the tests knows no roles of one database. */
async function asked(answer: (command: Document) => Document, mechanisms?: readonly string[]) {
  const server = await mongoRecorder(answer);
  const tenants = createMongoTenants(async () => server.url, mechanisms);
  return { tenants, ...server };
}

describe('users of documents that stand for one database', () => {
  it('are made with the right to read and write it, and no other', async () => {
    const { tenants, commands, close } = await asked(() => ({ users: [] }));
    await tenants.ensure(names, credentials);
    expect(commands).toEqual([
      { usersInfo: names.user, $db: 'admin' },
      { createUser: names.user, pwd: credentials.mongo, roles, $db: 'admin' },
    ]);
    await close();
  });

  it('get a new password when they are there', async () => {
    const { tenants, commands, close } = await asked(() => ({ users: [{ user: names.user }] }), ['SCRAM-SHA-256']);
    await tenants.ensure(names, credentials);
    expect(commands.at(-1)).toEqual({
      ...{ updateUser: names.user, pwd: credentials.mongo, roles, mechanisms: ['SCRAM-SHA-256'] },
      $db: 'admin',
    });
    await close();
  });

  it('go with their database, also when they are gone already', async () => {
    const gone = { ok: 0, code: 11, codeName: 'UserNotFound', errmsg: 'there is no such user' };
    const { tenants, commands, close } = await asked(({ dropUser }) => (dropUser ? gone : {}));
    await tenants.drop(names);
    expect(commands).toMatchObject([
      { dropDatabase: 1, $db: names.database },
      { dropUser: names.user, $db: 'admin' },
    ]);
    await close();
  });

  it('say so when the engine refuses', async () => {
    const refusal = { ok: 0, code: 13, codeName: 'Unauthorized', errmsg: 'not allowed' };
    const { tenants, close } = await asked(() => refusal);
    await expect(tenants.ensure(names, credentials)).rejects.toMatchObject({ code: 'KLT_STORE_ACCESS_DENIED' });
    await close();
  });
});

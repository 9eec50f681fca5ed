import { Redis } from 'ioredis';
import { MongoClient } from 'mongodb';
import { Client } from 'pg';
import { createFakeSecrets } from '../../../src/platform/secrets/secret-store.fake';
import { closeHandles, openHandles, type TenantHandles } from '../../../src/platform/tenancy/open-handles';
import { type AwsPool, awsPool } from '../../helpers/aws-pool';
import { coreDatabase } from '../../helpers/messaging';
import { type Placed, placeTenant } from '../../helpers/placed-tenant';
import { startStackAgent } from '../../helpers/stack-agent';

const secrets = createFakeSecrets();
let agent: Awaited<ReturnType<typeof startStackAgent>>;
let aws: AwsPool;
beforeAll(async () => {
  [agent, aws] = await Promise.all([startStackAgent(), awsPool()]);
});
afterAll(() => Promise.all([agent.close(), aws.close()]));
const driverOf = { 'one machine': () => agent.driver, AWS: () => aws.driver };

/** Comes to B's PostgreSQL as A. */
async function postgresAs({ placement, credentials }: Placed, at: Placed, database?: string): Promise<void> {
  const { host, port } = at.placement.endpoints.postgres;
  const { user } = placement.endpoints.postgres;
  const client = new Client({
    ...{ host, port, user, password: credentials.postgres },
    database: database ?? at.placement.endpoints.postgres.database,
  });
  try {
    await client.connect();
    await client.query('select 1');
  } finally {
    await client.end();
  }
}

async function mongoAs(user: string, password: string | undefined, at: Placed): Promise<void> {
  const { host, port, database } = at.placement.endpoints.mongo;
  const auth = password === undefined ? {} : { auth: { username: user, password }, authMechanism: 'SCRAM-SHA-256' };
  const client = new MongoClient(`mongodb://${host}:${port}/?directConnection=true`, {
    ...(auth as object),
    serverSelectionTimeoutMS: 3_000,
  });
  try {
    await client.db(database).collection('events').findOne({});
  } finally {
    await client.close();
  }
}

async function redisAs(user: string, password: string, at: Placed, command: readonly string[]): Promise<unknown> {
  const { host, port } = at.placement.endpoints.redis;
  const client = new Redis({
    ...{ host, port, username: user, password },
    ...{
      lazyConnect: true,
      retryStrategy: null,
      enableReadyCheck: false,
      disableClientInfo: true,
      protocol: 2,
      disconnectTimeout: 100,
    },
  });
  let failure: unknown;
  client.on('error', (cause) => {
    failure = cause;
  });
  try {
    await client.connect().catch((cause: unknown) => {
      throw failure ?? cause;
    });
    const [name = '', ...args] = command;
    return await client.call(name, ...args);
  } finally {
    client.disconnect();
  }
}

describe.each([
  ['pool', 'one machine'],
  ['dedicated', 'one machine'],
  ['pool', 'AWS'],
] as const)('with the credentials of one tenant of tier %s, as %s makes it', (tier, where) => {
  const driver = driverOf[where];
  let a: Placed;
  let b: Placed;
  let handlesOfB: TenantHandles;
  beforeAll(async () => {
    [a, b] = await Promise.all([placeTenant(driver(), secrets, tier), placeTenant(driver(), secrets, tier)]);
    handlesOfB = openHandles(b.placement, { secrets, name: 'test' });
    await handlesOfB.sql.sql.run`create table secret as select 'of b' as what`;
    await handlesOfB.mongo.collection<{ what: string }>('events').insertOne({ what: 'of b' });
    await handlesOfB.redis.set('secret', 'of b');
  });
  afterAll(async () => {
    await closeHandles(handlesOfB);
    await Promise.all([driver().destroy(a.placement.stack), driver().destroy(b.placement.stack)]);
  });

  it('its own stores open', async () => {
    await postgresAs(a, a);
    await mongoAs(a.placement.endpoints.mongo.user, a.credentials.mongo, a);
    const { user, keyPrefix } = a.placement.endpoints.redis;
    expect(await redisAs(user, a.credentials.redis, a, ['SET', `${keyPrefix}x`, '1'])).toBe('OK');
  });

  it('another one’s PostgreSQL is denied', async () => {
    const code = tier === 'pool' ? '42501' : '28P01';
    await expect(postgresAs(a, b)).rejects.toMatchObject({ code });
  });

  it('a PostgreSQL of its own shows no other database to connect to', async () => {
    const { sql } = handlesOfB.sql;
    const open = await sql.many<{ datname: string }>`
      select datname from pg_database
      where left(datname, 2) = 't_' and has_database_privilege(current_user, oid, 'connect')`;
    expect(open).toEqual([{ datname: b.placement.endpoints.postgres.database }]);
    await expect(sql.run`create role intruder`).rejects.toMatchObject({ code: '42501' });
    await expect(sql.run`copy (select 1) to program 'true'`).rejects.toMatchObject({ code: '42501' });
  });

  it.each([
    ['GET', []],
    ['SET', ['mine now']],
    ['DEL', []],
    ['EXISTS', []],
  ])('%s of another one’s Redis key is denied', async (command, args) => {
    const { user } = a.placement.endpoints.redis;
    const key = `${b.placement.endpoints.redis.keyPrefix}secret`;
    const reason = tier === 'pool' ? /^NOPERM/ : /^WRONGPASS/;
    await expect(redisAs(user, a.credentials.redis, b, [command, key, ...args])).rejects.toThrow(reason);
    expect(await handlesOfB.redis.get('secret')).toBe('of b');
  });

  it.each([
    ['SCAN', '0'],
    ['KEYS', '*'],
    ['RANDOMKEY'],
    ['FLUSHALL'],
    ['CONFIG', 'GET', '*'],
    ['ACL', 'LIST'],
    ['EVAL', 'return 1', '0'],
  ])('Redis denies %s, which reaches past its own keys', async (...command) => {
    const { user } = a.placement.endpoints.redis;
    await expect(redisAs(user, a.credentials.redis, a, command)).rejects.toThrow(/^NOPERM/);
  });

  it('the maintenance user, who may list keys, reaches no other tenant’s either', async () => {
    const { maintenanceUser } = a.placement.endpoints.redis;
    const key = `${b.placement.endpoints.redis.keyPrefix}secret`;
    const denied = redisAs(maintenanceUser, a.credentials.redisMaintenance, b, ['GET', key]);
    await expect(denied).rejects.toThrow(tier === 'pool' ? /^NOPERM/ : /^WRONGPASS/);
  });

  it('nobody comes into a document store without the right password', async () => {
    const { user } = b.placement.endpoints.mongo;
    await expect(mongoAs(user, a.credentials.mongo, b)).rejects.toMatchObject({ code: 18 });
    await expect(mongoAs(user, undefined, b)).rejects.toMatchObject({ code: 13 });
  });

  it(
    tier === 'dedicated'
      ? 'another one’s document store is denied'
      : 'the shared document engine asks who, not what for',
    async () => {
      const asA = mongoAs(a.placement.endpoints.mongo.user, a.credentials.mongo, b);
      if (tier === 'dedicated') await expect(asA).rejects.toMatchObject({ code: 18 });
      // It does not enforce roles: what keeps tenants apart there is the handle, as the tests below show. When this fails,
      // the engine has learnt to, and the exception in the documentation can go.
      else await expect(asA).resolves.toBeUndefined();
    },
  );

  it('handles of two tenants see nothing of each other', async () => {
    const handlesOfA = openHandles(a.placement, { secrets, name: 'test' });
    await expect(handlesOfA.sql.sql.run`select * from secret`).rejects.toMatchObject({ code: '42P01' });
    expect(await handlesOfA.mongo.collection('events').count()).toBe(0);
    expect(await handlesOfA.mongo.collections()).not.toContain('events');
    expect(await handlesOfA.redis.get('secret')).toBeNull();
    await closeHandles(handlesOfA);
  });

  it.each([
    ['a collection named after another database', 'other.events'],
    ['a collection of the system', 'system.users'],
    ['a name with a null byte', 'events\0'],
    ['a name that begins with a dollar', '$cmd'],
    ['an empty name', ''],
  ])('no handle takes %s', (_what, name) => {
    expect(() => handlesOfB.mongo.collection(name)).toThrow(/KLT_REQUEST_INVALID/);
  });

  it.each([
    ['$out to another database', [{ $out: { db: 'x', coll: 'y' } }]],
    ['$merge', [{ $merge: { into: { db: 'x', coll: 'y' } } }]],
    ['$lookup in another database', [{ $lookup: { from: { db: 'x', coll: 'y' }, as: 'z' } }]],
    ['$unionWith another database', [{ $unionWith: { db: 'x', coll: 'y' } }]],
    ['$graphLookup in another database', [{ $graphLookup: { from: { db: 'x', coll: 'y' } } }]],
    ['$out within a $facet', [{ $facet: { a: [{ $out: 'y' }] } }]],
    [
      '$lookup within a $lookup',
      [{ $lookup: { from: 'a', pipeline: [{ $lookup: { from: { db: 'x', coll: 'y' } } }], as: 'z' } }],
    ],
    ['$unionWith with a dotted name', [{ $unionWith: 'x.y' }]],
  ])('no handle runs a pipeline with %s', async (_what, pipeline) => {
    await expect(handlesOfB.mongo.collection('events').aggregate(pipeline)).rejects.toMatchObject({
      code: 'KLT_REQUEST_INVALID',
    });
  });

  it('a handle shows no way to the client or to another database', () => {
    const collection = handlesOfB.mongo.collection('events');
    for (const name of ['client', 'db', 'admin', 'dbName', 'rename']) {
      expect(collection).not.toHaveProperty(name);
      expect(handlesOfB.mongo).not.toHaveProperty(name);
    }
  });
});

it('no tenant’s role may connect to the core database', async () => {
  const database = await coreDatabase();
  const rows = await database.postgres.sql.many<{ role: string; may: boolean }>`
    select role, has_database_privilege(role, 'template_core', 'connect') as may
    from unnest(array['public', 'enterprise_info', 'core', 'predict']) as role`;
  expect(rows).toEqual([
    { role: 'public', may: false },
    { role: 'enterprise_info', may: true },
    { role: 'core', may: true },
    { role: 'predict', may: true },
  ]);
  await database.drop();
});

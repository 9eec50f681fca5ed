import { randomUUID } from 'node:crypto';
import { resolve } from 'node:path';
import { CreateUserCommand, CreateUserGroupCommand, DescribeUserGroupsCommand } from '@aws-sdk/client-elasticache';
import { Redis } from 'ioredis';
import { Client } from 'pg';
import { createTieredStackDriver } from '../../../src/platform/tenancy/create-tiered-stack-driver';
import { createElastiCacheClient } from '../../../src/platform/tenancy/pool/elasticache-client';
import { createElastiCacheTenants } from '../../../src/platform/tenancy/pool/elasticache-tenants';
import { tenantNames } from '../../../src/platform/tenancy/pool/tenant-names';
import { createFakeStackDriver } from '../../../src/platform/tenancy/tenant-stack-driver.fake';
import { type AwsPool, awsPool } from '../../helpers/aws-pool';
import { aws, startMiniStack } from '../../helpers/ministack';
import { preparePython } from '../../helpers/python';
import { newCredentials } from '../../helpers/stack-agent';
import { describeStackDriver, newStackSpec } from '../../helpers/stack-driver-contract';

const { python, reason } = preparePython(resolve('test/interop/ministack/requirements.txt'));
if (reason) process.stderr.write(`users of ElastiCache are not tested on an emulator here: ${reason}\n`);

let pool: AwsPool;
beforeAll(async () => {
  pool = await awsPool();
});
afterAll(() => pool.close());

describeStackDriver('the pool of AWS', () => pool.driver, ['pool']);

const idsOf = (tenantId: string): string[] => {
  const id = `t-${tenantId.replaceAll('-', '')}`;
  return [id, `${id}-m`];
};
const databasesOf = async (user: string): Promise<number | null> => {
  const client = new Client({ connectionString: pool.shared.postgres.url });
  await client.connect();
  const { rowCount } = await client.query(
    'select from pg_database join pg_roles on rolname = datname where datname = $1',
    [user],
  );
  await client.end();
  return rowCount;
};

describe('the pool of AWS', () => {
  it('lets the tenant into the cache by two users, each let in by the group', async () => {
    const spec = newStackSpec('pool');
    const { endpoints } = await pool.driver.apply(spec);
    for (const id of idsOf(spec.tenantId)) expect(pool.cache.members.has(id)).toBe(true);
    const { host, port, user, keyPrefix } = endpoints.redis;
    const redis = new Redis({ host, port, username: user, password: spec.credentials.redis, enableReadyCheck: false });
    expect(await redis.set(`${keyPrefix}x`, '1')).toBe('OK');
    redis.disconnect();
    await pool.driver.destroy(spec.name);
  });

  it('leaves nothing of a tenant behind: no user, no key, no role, no database', async () => {
    const spec = newStackSpec('pool');
    const { endpoints } = await pool.driver.apply(spec);
    expect(await databasesOf(endpoints.postgres.user)).toBe(1);
    const admin = new Redis(pool.shared.valkey.url);
    await admin.set(`${endpoints.redis.keyPrefix}x`, '1');
    await admin.set('t:of-another:x', '1');
    await pool.driver.destroy(spec.name);
    expect(await admin.get(`${endpoints.redis.keyPrefix}x`)).toBeNull();
    expect(await admin.getdel('t:of-another:x')).toBe('1');
    admin.disconnect();
    expect(await databasesOf(endpoints.postgres.user)).toBe(0);
    for (const id of idsOf(spec.tenantId)) {
      expect(pool.cache.members.has(id)).toBe(false);
      expect(pool.cache.userIds()).not.toContain(id);
    }
  });

  it('sets passwords anew for another request, and keeps what is stored', async () => {
    const spec = newStackSpec('pool');
    const { endpoints } = await pool.driver.apply(spec);
    const { host, port, user, database } = endpoints.postgres;
    const open = async (password: string) => {
      const client = new Client({ host, port, user, database, password });
      await client.connect();
      return client;
    };
    const before = await open(spec.credentials.postgres);
    await before.query('create table kept as select 1 as n');
    await before.end();
    const credentials = newStackSpec('pool').credentials;
    await pool.driver.apply({ ...spec, credentials, requestToken: 'second' });
    await expect(open(spec.credentials.postgres)).rejects.toMatchObject({ code: '28P01' });
    const after = await open(credentials.postgres);
    expect((await after.query('select n from kept')).rows).toEqual([{ n: 1 }]);
    await after.end();
    await pool.driver.destroy(spec.name);
  });

  it('is built by one process at a time, and known to all of them', async () => {
    const spec = newStackSpec('pool');
    const [first, second] = await Promise.all([pool.driver.apply(spec), pool.open().apply(spec)]);
    expect(second).toEqual(first);
    const made = pool.cache.calls.filter((action) => action === 'CreateUser').length;
    await pool.open().apply(spec);
    expect(pool.cache.calls.filter((action) => action === 'CreateUser').length).toBe(made);
    await pool.open().destroy(spec.name);
    expect(await pool.driver.describe(spec.name)).toBeUndefined();
  });

  it('makes eight tenants at once, who wait for each other at the group', async () => {
    const specs = Array.from({ length: 8 }, () => newStackSpec('pool'));
    await Promise.all(specs.map((spec) => pool.driver.apply(spec)));
    for (const { tenantId } of specs) {
      for (const id of idsOf(tenantId)) expect(pool.cache.members.has(id)).toBe(true);
    }
    await Promise.all(specs.map(({ name }) => pool.driver.destroy(name)));
  });

  it.each([
    ['UserQuotaExceeded', 'KLT_QUOTA_REACHED'],
    ['AccessDenied', 'KLT_PERMISSION_MISSING'],
    ['InvalidParameterValue', 'KLT_PROVISION_FAILED'],
  ])('says in ElastiCache’s words that it refuses with %s, and goes on when asked again', async (fault, code) => {
    const spec = newStackSpec('pool');
    pool.cache.refuse(fault, 'words of ElastiCache');
    await expect(pool.driver.apply(spec)).rejects.toMatchObject({
      code,
      detail: expect.stringContaining('words of ElastiCache'),
      options: { hint: expect.any(String) },
    });
    expect(await pool.driver.describe(spec.name)).toBeUndefined();
    pool.cache.refuse();
    expect(await pool.driver.apply(spec)).toMatchObject({ name: spec.name });
    await pool.driver.destroy(spec.name);
  });

  it('takes away what an attempt had left when it was given up', async () => {
    const spec = newStackSpec('pool');
    pool.cache.refuse('InvalidParameterValue', 'no');
    await expect(pool.driver.apply(spec)).rejects.toMatchObject({ code: 'KLT_PROVISION_FAILED' });
    pool.cache.refuse();
    const user = `t_${spec.tenantId.replaceAll('-', '')}`;
    expect(await databasesOf(user)).toBe(1);
    await pool.driver.destroy(spec.name);
    expect(await databasesOf(user)).toBe(0);
  });

  it('refuses a stack of that name for another tenant', async () => {
    const spec = newStackSpec('pool');
    await pool.driver.apply(spec);
    const other = { ...newStackSpec('pool'), name: spec.name };
    await expect(pool.driver.apply(other)).rejects.toMatchObject({ code: 'KLT_PROVISION_FAILED' });
    await pool.driver.destroy(spec.name);
  });
});

describe('tiers by drivers of their own', () => {
  const fake = createFakeStackDriver(['dedicated']);
  const driver = () => createTieredStackDriver({ pool: pool.driver, dedicated: fake });
  describeStackDriver('pool and dedicated', driver, ['pool', 'dedicated']);

  it('makes each tier where it is made, and takes it away there', async () => {
    const [shared, own] = [newStackSpec('pool'), newStackSpec('dedicated')];
    await Promise.all([driver().apply(shared), driver().apply(own)]);
    expect(await fake.describe(shared.name)).toBeUndefined();
    expect(await pool.driver.describe(own.name)).toBeUndefined();
    await Promise.all([driver().destroy(shared.name), driver().destroy(own.name)]);
    expect(await pool.driver.describe(shared.name)).toBeUndefined();
    expect(await fake.describe(own.name)).toBeUndefined();
  });
});

(python ? describe : describe.skip)('users in the emulator of AWS', () => {
  it('are made, let in by the group, and changed, by the calls that it knows', async () => {
    if (!python) return;
    const emulator = await startMiniStack(python);
    const client = createElastiCacheClient({ ...aws, endpoint: emulator.endpoint });
    const nobody = { UserId: 'nobody', UserName: 'default', Engine: 'valkey', AccessString: 'off ~* -@all' };
    await client.send(new CreateUserCommand({ ...nobody, NoPasswordRequired: true }));
    const group = { UserGroupId: 'users', Engine: 'valkey', UserIds: ['nobody'] };
    await client.send(new CreateUserGroupCommand(group));
    const tenantId = randomUUID();
    const tenants = createElastiCacheTenants({ client, userGroupId: 'users', url: 'redis://127.0.0.1:9', pollMs: 2 });
    for (const credentials of [newCredentials(), newCredentials()]) {
      await tenants.ensure(tenantNames(tenantId), credentials);
    }
    const { UserGroups } = await client.send(new DescribeUserGroupsCommand({ UserGroupId: 'users' }));
    expect(UserGroups?.[0]?.UserIds).toEqual(['nobody', ...idsOf(tenantId)]);
    client.destroy();
    await emulator.close();
  });
});

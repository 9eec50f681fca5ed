import { randomUUID } from 'node:crypto';
import { Client } from 'pg';
import type { TenantState } from '../../../src/contracts/http/tenants';
import { createPostgres, type Postgres } from '../../../src/platform/postgres/create-postgres';
import { createFakeSecrets } from '../../../src/platform/secrets/secret-store.fake';
import { createTenancy, type TenancyOptions } from '../../../src/platform/tenancy/create-tenancy';
import { type CoreDatabase, coreDatabase } from '../../helpers/messaging';
import { type Placed, placeTenant, recordTenant } from '../../helpers/placed-tenant';
import { newCredentials, startStackAgent } from '../../helpers/stack-agent';
import { until } from '../../helpers/until';

const secrets = createFakeSecrets();
let database: CoreDatabase;
/** As the role that other services have. */
let core: Postgres<'core'>;
let agent: Awaited<ReturnType<typeof startStackAgent>>;
const opened: { close(): Promise<void> }[] = [];

const tenancyOf = (options: Partial<TenancyOptions> = {}) => {
  const tenancy = createTenancy({ core, secrets, name: 'test-open', ...options });
  opened.push(tenancy);
  return tenancy;
};
async function newTenant(state: TenantState = 'active'): Promise<Placed> {
  const placed = await placeTenant(agent.driver, secrets, 'pool');
  await recordTenant(database.postgres, placed.placement, state);
  return placed;
}
const setState = (id: string, state: TenantState) =>
  database.postgres.sql.run`update tenancy.tenant set state = ${state} where id = ${id}`;

beforeAll(async () => {
  [database, agent] = await Promise.all([coreDatabase(), startStackAgent()]);
  core = createPostgres('core', { url: `${database.url}?options=-c%20role%3Dpredict`, name: 'test' });
});
afterAll(async () => {
  for (const tenancy of opened) await tenancy.close();
  await core.close();
  await database.drop();
  await agent.close();
});

describe('opening a tenant', () => {
  it('hands out its stores, the same ones each time', async () => {
    const { placement } = await newTenant();
    const tenancy = tenancyOf();
    const handles = await tenancy.open(placement.tenantId);
    expect(await handles.sql.sql.one`select current_user as who`).toEqual({ who: placement.endpoints.postgres.user });
    expect(await tenancy.open(placement.tenantId)).toBe(handles);
    expect(handles.placement.tier).toBe('pool');
  });

  it.each([
    ['suspended', 'KLT_TENANT_INACTIVE'],
    ['provisioning', 'KLT_TENANT_INACTIVE'],
    ['exporting', 'KLT_TENANT_INACTIVE'],
    ['deleted', 'KLT_TENANT_INACTIVE'],
    ['changing_tier', 'KLT_TENANT_PAUSED'],
  ] as const)('refuses one that is %s', async (state, code) => {
    const { placement } = await newTenant(state);
    await expect(tenancyOf().open(placement.tenantId)).rejects.toMatchObject({ code });
  });

  it('says when to come back to one that is being moved', async () => {
    const { placement } = await newTenant('changing_tier');
    await expect(tenancyOf().open(placement.tenantId)).rejects.toMatchObject({
      status: 503,
      options: { retryAfterSeconds: 5 },
    });
  });

  it('does not find one that there is none', async () => {
    await expect(tenancyOf().open(randomUUID())).rejects.toMatchObject({ code: 'KLT_TENANT_NOT_FOUND' });
  });

  it('believes what it has read until it is told of news', async () => {
    const { placement } = await newTenant();
    const tenancy = tenancyOf();
    await tenancy.open(placement.tenantId);
    await setState(placement.tenantId, 'suspended');
    await expect(tenancy.open(placement.tenantId)).resolves.toBeDefined();
    tenancy.invalidate(placement.tenantId);
    await expect(tenancy.open(placement.tenantId)).rejects.toMatchObject({ code: 'KLT_TENANT_INACTIVE' });
    await setState(placement.tenantId, 'active');
    tenancy.clear();
    await expect(tenancy.open(placement.tenantId)).resolves.toBeDefined();
  });

  it('reads again, news or not, when what it has read is old', async () => {
    let time = 0;
    const { placement } = await newTenant();
    const tenancy = tenancyOf({ placementMs: 1_000, now: () => time });
    await tenancy.open(placement.tenantId);
    await setState(placement.tenantId, 'suspended');
    time = 1_000;
    await expect(tenancy.open(placement.tenantId)).rejects.toMatchObject({ code: 'KLT_TENANT_INACTIVE' });
  });

  it('goes to the new place after a move, and lets work at the old one end', async () => {
    const [from, to] = await Promise.all([newTenant(), placeTenant(agent.driver, secrets, 'pool')]);
    const tenancy = tenancyOf();
    const { tenantId } = from.placement;
    const before = await tenancy.open(tenantId);
    const { endpoints, secretName, stack } = to.placement;
    await database.postgres.sql.run`
      update tenancy.placement set endpoints = ${JSON.stringify(endpoints)}, secret_name = ${secretName}, stack = ${stack}
      where tenant_id = ${tenantId}`;
    tenancy.invalidate(tenantId);
    const after = await tenancy.open(tenantId);
    expect(await after.sql.sql.one`select current_user as who`).toEqual({ who: endpoints.postgres.user });
    expect(await before.sql.sql.one`select current_user as who`).toEqual({
      who: from.placement.endpoints.postgres.user,
    });
  });

  it('holds no more tenants open than it may, and the one used longest ago makes room', async () => {
    const placed = await Promise.all([newTenant(), newTenant(), newTenant()]);
    const [a, b, c] = placed.map(({ placement }) => placement.tenantId) as [string, string, string];
    const tenancy = tenancyOf({ maxOpen: 2, graceMs: 50 });
    const first = await tenancy.open(a);
    const second = await tenancy.open(b);
    await tenancy.open(a);
    await tenancy.open(c);
    expect(tenancy.openCount()).toBe(2);
    expect(await tenancy.open(a)).toBe(first);
    await until(() =>
      second.sql.sql.run`select 1`.then(
        () => false,
        () => true,
      ),
    );
    await expect(tenancy.open(b)).resolves.not.toBe(second);
  });

  it('closes what nobody uses any more', async () => {
    let time = 0;
    const { placement } = await newTenant();
    const tenancy = tenancyOf({ idleMs: 1_000, graceMs: 10, now: () => time });
    const { sql } = await tenancy.open(placement.tenantId);
    time = 1_000;
    await until(() => tenancy.openCount() === 0);
    await until(() =>
      sql.sql.run`select 1`.then(
        () => false,
        () => true,
      ),
    );
  });

  it('says that the core database is down, and nothing else', async () => {
    const nowhere = createPostgres('core', { url: 'postgresql://nobody@127.0.0.1:9/none', name: 'test' });
    const tenancy = tenancyOf({ core: nowhere });
    await expect(tenancy.open(randomUUID())).rejects.toMatchObject({ code: 'KLT_DEPENDENCY_UNAVAILABLE', status: 503 });
    await nowhere.close();
  });

  it('shows other services the view and nothing behind it', async () => {
    await expect(core.sql.run`select * from tenancy.tenant`).rejects.toMatchObject({ code: '42501' });
    await expect(core.sql.run`select * from tenancy.placement`).rejects.toMatchObject({ code: '42501' });
    await expect(core.sql.run`delete from tenancy.placement_of`).rejects.toThrow(/cannot delete from view/);
  });
});

describe('a password that was rotated', () => {
  it('is asked for again once it is refused, in every store', async () => {
    const { placement } = await newTenant();
    const stale = await secrets.get(placement.secretName);
    // A store whose cache has not heard of the rotation.
    const cache = { value: stale };
    const cached = {
      ...secrets,
      get: async () => cache.value,
      refresh: async (name: string) => {
        cache.value = await secrets.get(name);
        return cache.value;
      },
    };
    const rotated = newCredentials();
    const { stack: name, tenantId, tier } = placement;
    await agent.driver.apply({ name, tenantId, tier, credentials: rotated, requestToken: 'rotation' });
    await secrets.put(placement.secretName, JSON.stringify(rotated));
    for (const store of ['sql', 'mongo', 'redis'] as const) {
      cache.value = stale;
      const tenancy = tenancyOf({ secrets: cached });
      const handles = await tenancy.open(tenantId);
      await expect(handles[store].ping()).resolves.toBeUndefined();
      expect(cache.value).toBe(JSON.stringify(rotated));
    }
    cache.value = stale;
    const { sql } = await tenancyOf({ secrets: cached }).open(tenantId);
    expect(await sql.transaction((tx) => tx.one`select 1 as one`)).toEqual({ one: 1 });
  });

  it('that is wrong in the store, too, is a refusal and no loop', async () => {
    const { placement } = await newTenant();
    await secrets.put(placement.secretName, JSON.stringify(newCredentials()));
    const { mongo, redis, sql } = await tenancyOf().open(placement.tenantId);
    await expect(sql.ping()).rejects.toMatchObject({ code: '28P01' });
    await expect(mongo.ping()).rejects.toMatchObject({ code: 'KLT_STORE_ACCESS_DENIED' });
    await expect(redis.ping()).rejects.toMatchObject({ code: 'KLT_STORE_ACCESS_DENIED' });
  });
});

it('a tenant’s pools are small', async () => {
  const { placement } = await newTenant();
  const { sql } = await tenancyOf({ name: 'pool-size', maxConnections: 2 }).open(placement.tenantId);
  await Promise.all(Array.from({ length: 8 }, () => sql.sql.run`select pg_sleep(0.02)`));
  const admin = new Client({ connectionString: database.url });
  await admin.connect();
  const { rowCount } = await admin.query("select from pg_stat_activity where application_name = 'pool-size'");
  await admin.end();
  expect(rowCount).toBe(2);
});

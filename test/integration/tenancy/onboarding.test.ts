import { startTenancyPlatform, statusesOf, type TenancyPlatform } from '../../helpers/tenancy-platform';

describe.each(['pool', 'dedicated'])('a tenant onboarded in tier %s', (tier) => {
  let platform: TenancyPlatform;
  let tenant: Awaited<ReturnType<TenancyPlatform['onboard']>>;
  beforeAll(async () => {
    platform = await startTenancyPlatform();
    tenant = await platform.onboard({ tier });
  });
  afterAll(() => platform.close());

  it('has every step done, once', () => {
    const { operation } = tenant;
    expect(operation.cause).toBeUndefined();
    expect(operation.status).toBe('succeeded');
    expect(new Set(Object.values(statusesOf(operation)))).toEqual(new Set(['succeeded']));
    expect(operation.steps.map(({ attempt }) => attempt)).toEqual(operation.steps.map(() => 1));
    expect(operation.result).toMatchObject({ tenantId: tenant.id, slug: tenant.slug, tier });
  });

  it('is active, with an OAuth client whose secret is shown once', async () => {
    const { body } = await platform.info.call('GET', `/v1/tenants/${tenant.id}`);
    expect(body).toMatchObject({ state: 'active', tier });
    expect(body.currentOperationId).toBeUndefined();
    const first = await platform.info.call('POST', `/v1/tenants/${tenant.id}/client-secret`);
    expect([first.status, first.headers['cache-control']]).toEqual([200, 'no-store']);
    expect(first.body.clientId).toBe(body.clientId);
    const { clientId, clientSecret } = first.body;
    expect(await platform.info.directory.authenticates(clientId, clientSecret)).toBe(true);
    const second = await platform.info.call('POST', `/v1/tenants/${tenant.id}/client-secret`);
    expect([second.status, second.body.code]).toEqual([409, 'KLT_SECRET_ALREADY_SHOWN']);
    const rotated = await platform.info.call('POST', `/v1/tenants/${tenant.id}/client-secret/rotate`);
    expect(await platform.info.directory.authenticates(clientId, clientSecret)).toBe(false);
    expect(await platform.info.directory.authenticates(clientId, rotated.body.clientSecret)).toBe(true);
  });

  it('has stores that open and hold what is written', async () => {
    const { sql, mongo, redis } = await platform.tenancy.open(tenant.id);
    expect(await sql.sql.one`select tenant_id from platform.owner`).toEqual({ tenant_id: tenant.id });
    await mongo.collection<{ n: number }>('events').insertOne({ n: 1 });
    expect(await mongo.collection<{ n: number }>('events').count({ n: 1 })).toBe(1);
    await redis.set('key', 'value');
    expect(await redis.get('key')).toBe('value');
  });
});

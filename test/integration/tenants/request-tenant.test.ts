import { createCellStore } from '../../../src/services/enterprise-info/provisioning/cell-store';
import { type EnterpriseInfo, newTenantBody, startEnterpriseInfo } from '../../helpers/enterprise-info';

describe('requesting a tenant', () => {
  let service: EnterpriseInfo;
  beforeAll(async () => {
    service = await startEnterpriseInfo(['pool']);
  });
  afterAll(() => service.close());
  const create = (body: unknown, headers: Record<string, string> = {}, query = '') =>
    service.call('POST', `/v1/tenants${query}`, { body, headers });
  const countOf = async (slug: string) =>
    (await service.core.sql.one<{ n: number }>`select count(*) as n from tenancy.tenant where slug = ${slug}`).n;

  it('accepts it as an operation whose steps are all still to come, and publishes the request', async () => {
    const body = newTenantBody();
    const answer = await create(body);
    expect(answer.status).toBe(202);
    expect(answer.headers.location).toBe(`/v1/operations/${answer.body.operationId}`);
    const { tenantId, operationId } = answer.body;
    const operation = await service.call('GET', `/v1/operations/${operationId}`);
    expect(operation.body).toMatchObject({ id: operationId, tenantId, kind: 'tenant-onboarding', status: 'running' });
    expect(operation.body.steps.map((step: { name: string; status: string }) => [step.name, step.status])).toEqual(
      ['reserve', 'place', 'provision', 'migrate', 'mint', 'seed', 'smoke', 'activate', 'notify'].map((name) => [
        name,
        'pending',
      ]),
    );
    const tenant = await service.call('GET', `/v1/tenants/${tenantId}`);
    expect(tenant.body).toMatchObject({ ...body, state: 'requested', currentOperationId: operationId });
    const fact = (await service.outbox()).find(({ aggregateid }) => aggregateid === tenantId);
    expect(fact).toMatchObject({
      type: 'tenant.requested',
      aggregatetype: 'tenant.lifecycle.v1',
      payload: { ...body, tenantId, operationId },
    });
  });

  it('answers the same operation when the same key is sent twice, and makes one tenant', async () => {
    const body = newTenantBody();
    const first = await create(body, { 'idempotency-key': 'once' });
    const second = await create(body, { 'idempotency-key': 'once' });
    expect(second.status).toBe(202);
    expect(second.body).toEqual(first.body);
    expect(second.headers.location).toBe(first.headers.location);
    expect(second.headers['idempotency-replayed']).toBe('true');
    expect(await countOf(body.slug)).toBe(1);
  });

  it('refuses a key that came with another request', async () => {
    await create(newTenantBody(), { 'idempotency-key': 'other' });
    const answer = await create(newTenantBody(), { 'idempotency-key': 'other' });
    expect(answer.status).toBe(422);
    expect(answer.body.code).toBe('KLT_IDEMPOTENCY_KEY_REUSED');
  });

  it('makes one tenant of requests that race with one key', async () => {
    const body = newTenantBody();
    const answers = await Promise.all(Array.from({ length: 5 }, () => create(body, { 'idempotency-key': 'race' })));
    const codes = answers.map(({ status, body: { code } }) => code ?? status);
    expect(codes.filter((code) => code === 202).length).toBeGreaterThan(0);
    expect(codes.filter((code) => code !== 202 && code !== 'KLT_IDEMPOTENCY_IN_PROGRESS')).toEqual([]);
    expect(await countOf(body.slug)).toBe(1);
  });

  it('refuses a slug that is taken, and leaves nothing behind', async () => {
    const body = newTenantBody();
    await create(body);
    const before = (await service.outbox()).length;
    const answer = await create(body, { 'idempotency-key': 'taken' });
    expect(answer.status).toBe(409);
    expect(answer.body).toMatchObject({ code: 'KLT_TENANT_SLUG_TAKEN', errors: [{ pointer: '/slug' }] });
    expect(await service.outbox()).toHaveLength(before);
    expect(await countOf(body.slug)).toBe(1);
  });

  it('gives a slug away once when many ask for it at the same time', async () => {
    const body = newTenantBody();
    const answers = await Promise.all(Array.from({ length: 6 }, () => create(body)));
    expect(answers.map(({ status }) => status).sort()).toEqual([202, 409, 409, 409, 409, 409]);
  });

  it('takes the slug of a tenant that is gone', async () => {
    const body = newTenantBody();
    const { tenantId } = (await create(body)).body;
    await service.settle(tenantId, 'deleted');
    expect((await create(body)).status).toBe(202);
  });

  it.each([
    ['an unknown tier', { tier: 'gold' }, 'KLT_TIER_UNKNOWN'],
    ['a tier that this installation cannot provide', { tier: 'dedicated' }, 'KLT_TIER_UNAVAILABLE'],
  ])('refuses %s', async (_what, change, code) => {
    const body = newTenantBody(change);
    for (const query of ['', '?dryRun=true']) {
      const answer = await create(body, {}, query);
      expect([answer.status, answer.body.code, answer.body.errors[0].pointer]).toEqual([422, code, '/tier']);
      expect(answer.body.hint).toContain('provides pool');
      if (code === 'KLT_TIER_UNKNOWN') expect(answer.body.detail).toContain('there are pool, shared-cell, dedicated');
    }
    expect(await countOf(body.slug)).toBe(0);
  });

  it.each([
    ['a slug in capitals', { slug: 'Acme' }, '/slug'],
    ['a slug that is too short', { slug: 'ab' }, '/slug'],
    ['a contact that is no address', { contact: 'nobody' }, '/contact'],
    ['an empty name', { name: '' }, '/name'],
    ['a field that nobody knows', { state: 'active' }, '/state'],
    ['a number for a name', { name: 7 }, '/name'],
  ])('refuses %s with its pointer', async (_what, change, pointer) => {
    const answer = await create(newTenantBody(change));
    expect(answer.status).toBe(422);
    expect(answer.body).toMatchObject({ code: 'KLT_REQUEST_INVALID', errors: [{ pointer }] });
  });

  it('answers the plan of a dry run and changes nothing', async () => {
    const body = newTenantBody();
    const before = (await service.outbox()).length;
    const answer = await create(body, {}, '?dryRun=true');
    expect(answer.status).toBe(200);
    expect(answer.body).toMatchObject({
      kind: 'tenant-onboarding',
      tier: 'pool',
      stores: { postgres: 'pool', mongo: 'pool', redis: 'pool' },
      resources: [{ kind: 'stores in memory', count: 1 }],
      cost: { usdPerMonth: 0, note: 'no cost: nothing runs' },
    });
    expect(answer.body.steps[2]).toEqual({
      name: 'provision',
      command: 'stores.provision',
      undo: 'stores.destroy',
      timeoutMs: 600_000,
    });
    expect(await countOf(body.slug)).toBe(0);
    expect(await service.outbox()).toHaveLength(before);
  });

  it('says in a dry run that the slug is taken', async () => {
    const body = newTenantBody();
    await create(body);
    expect((await create(body, {}, '?dryRun=true')).body.code).toBe('KLT_TENANT_SLUG_TAKEN');
  });

  it('lets a tenant’s token make none', async () => {
    const body = newTenantBody();
    const answer = await service.call('POST', '/v1/tenants', { token: `tenant:${crypto.randomUUID()}`, body });
    expect([answer.status, answer.body.code]).toEqual([403, 'KLT_SCOPE_MISSING']);
    expect(await countOf(body.slug)).toBe(0);
  });
});

describe('a dry run of a tenant of a shared cell', () => {
  let service: EnterpriseInfo;
  beforeAll(async () => {
    service = await startEnterpriseInfo(['shared-cell']);
  });
  afterAll(() => service.close());
  const plan = () => service.call('POST', '/v1/tenants?dryRun=true', { body: newTenantBody({ tier: 'shared-cell' }) });

  it('says that no cell has room, and what to do', async () => {
    const answer = await plan();
    expect([answer.status, answer.body.code]).toEqual([503, 'KLT_CELL_EXHAUSTED']);
    expect(answer.body.hint).toContain('open another cell');
  });

  it('names the room that it would get, and takes none', async () => {
    const host = { slot: 1, zone: 'a', memoryMib: 8_192, diskGib: 100, tasks: 10 };
    await service.core.transaction((sql) => createCellStore(sql).keep([{ id: 'one', hosts: [host] }]));
    for (let asked = 0; asked < 6; asked += 1) {
      const { status, body } = await plan();
      expect([status, body.resources.at(-1)]).toEqual([
        200,
        expect.objectContaining({ kind: 'room in a shared cell', where: 'cell one, slot 1, as things are now' }),
      ]);
    }
  });
});

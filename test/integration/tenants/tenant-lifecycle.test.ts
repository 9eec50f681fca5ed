import { type EnterpriseInfo, newTenantBody, startEnterpriseInfo } from '../../helpers/enterprise-info';

describe('a tenant over HTTP', () => {
  let service: EnterpriseInfo;
  beforeAll(async () => {
    service = await startEnterpriseInfo();
  });
  afterAll(() => service.close());

  /** A tenant in `state` with no operation under way. */
  async function tenantIn(state: string): Promise<string> {
    const { tenantId } = (await service.call('POST', '/v1/tenants', { body: newTenantBody() })).body;
    await service.settle(tenantId, state);
    return tenantId;
  }
  const stateOf = async (id: string) => (await service.call('GET', `/v1/tenants/${id}`)).body.state;

  it('is suspended and resumed, and says so to everybody', async () => {
    const id = await tenantIn('active');
    const suspended = await service.call('POST', `/v1/tenants/${id}/suspend`);
    expect([suspended.status, suspended.body.state]).toEqual([200, 'suspended']);
    expect((await service.call('POST', `/v1/tenants/${id}/resume`)).body.state).toBe('active');
    const facts = (await service.outbox()).filter(({ aggregateid }) => aggregateid === id);
    expect(facts.slice(1).map(({ type, payload }) => [type, payload.state])).toEqual([
      ['tenant.suspended', 'suspended'],
      ['tenant.resumed', 'active'],
    ]);
  });

  it('answers a suspension with one key once', async () => {
    const id = await tenantIn('active');
    const headers = { 'idempotency-key': 'suspend-once' };
    const first = await service.call('POST', `/v1/tenants/${id}/suspend`, { headers });
    const second = await service.call('POST', `/v1/tenants/${id}/suspend`, { headers });
    expect(second.body).toEqual(first.body);
    expect((await service.call('POST', `/v1/tenants/${id}/suspend`)).status).toBe(409);
  });

  it.each([
    ['suspended', 'POST', 'suspend', ['resume', 'offboard']],
    ['active', 'POST', 'resume', ['suspend', 'change_tier', 'offboard']],
    ['suspended', 'POST', 'change-tier', ['resume', 'offboard']],
    ['exporting', 'POST', 'suspend', []],
    ['deleted', 'DELETE', '', []],
    ['provisioning', 'DELETE', '', []],
  ] as const)('that is %s refuses %s %s and names what is allowed', async (state, method, action, allowed) => {
    const id = await tenantIn(state);
    const body = action === 'change-tier' ? { tier: 'dedicated' } : undefined;
    const answer = await service.call(method, `/v1/tenants/${id}${action && `/${action}`}`, { body });
    expect(answer.status).toBe(409);
    expect(answer.body).toMatchObject({ code: 'KLT_TENANT_TRANSITION_ILLEGAL', state, allowed });
    expect(await stateOf(id)).toBe(state);
  });

  it('has one operation at a time, and names the one that runs', async () => {
    const id = await tenantIn('active');
    const first = await service.call('DELETE', `/v1/tenants/${id}`);
    expect(first.status).toBe(202);
    const busy = { code: 'KLT_TENANT_BUSY', operationId: first.body.operationId };
    expect((await service.call('DELETE', `/v1/tenants/${id}`)).body).toMatchObject(busy);
    expect((await service.call('POST', `/v1/tenants/${id}/suspend`)).body).toMatchObject(busy);
    const change = await service.call('POST', `/v1/tenants/${id}/change-tier`, { body: { tier: 'dedicated' } });
    expect([change.status, change.body.code]).toEqual([409, 'KLT_TENANT_BUSY']);
    expect(change.headers['retry-after']).toBeDefined();
  });

  it('begins one operation of many that are asked for at once', async () => {
    const id = await tenantIn('active');
    const answers = await Promise.all(Array.from({ length: 6 }, () => service.call('DELETE', `/v1/tenants/${id}`)));
    expect(answers.map(({ status }) => status).sort()).toEqual([202, 409, 409, 409, 409, 409]);
  });

  it('refuses to move to the tier that it is in', async () => {
    const id = await tenantIn('active');
    const answer = await service.call('POST', `/v1/tenants/${id}/change-tier`, { body: { tier: 'pool' } });
    expect([answer.status, answer.body.code]).toEqual([422, 'KLT_REQUEST_INVALID']);
  });

  it('plans a move and an offboarding without beginning them', async () => {
    const id = await tenantIn('active');
    const move = await service.call('POST', `/v1/tenants/${id}/change-tier?dryRun=true`, {
      body: { tier: 'dedicated' },
    });
    expect(move.body).toMatchObject({ kind: 'tenant-tier-change', stores: { postgres: 'dedicated' } });
    const leave = await service.call('DELETE', `/v1/tenants/${id}?dryRun=true`);
    expect([leave.status, leave.body.kind]).toEqual([200, 'tenant-offboarding']);
    expect((await service.call('GET', `/v1/tenants/${id}`)).body.currentOperationId).toBeUndefined();
  });

  it('begins a move with the tier that it goes to', async () => {
    const id = await tenantIn('active');
    const answer = await service.call('POST', `/v1/tenants/${id}/change-tier`, { body: { tier: 'dedicated' } });
    expect(answer.status).toBe(202);
    const request = (await service.outbox()).at(-1);
    expect(request).toMatchObject({
      type: 'tenant.tier_change_requested',
      payload: { tier: 'pool', toTier: 'dedicated' },
    });
  });

  it('is changed by who has seen its newest version', async () => {
    const id = await tenantIn('active');
    const { headers } = await service.call('GET', `/v1/tenants/${id}`);
    const patch = (ifMatch: string | undefined, body: unknown) =>
      service.call('PATCH', `/v1/tenants/${id}`, {
        body,
        headers: ifMatch === undefined ? {} : { 'if-match': ifMatch },
      });
    const absent = await patch(undefined, { name: 'B' });
    expect([absent.status, absent.body.code]).toEqual([428, 'KLT_PRECONDITION_REQUIRED']);
    const changed = await patch(String(headers.etag), { name: 'B' });
    expect([changed.status, changed.body.name, changed.body.contact]).toEqual([200, 'B', 'ops@acme.example']);
    expect(changed.headers.etag).toBe(`"${changed.body.version}"`);
    const stale = await patch(String(headers.etag), { name: 'C' });
    expect([stale.status, stale.body.code]).toEqual([412, 'KLT_PRECONDITION_FAILED']);
    const empty = await patch(String(changed.headers.etag), {});
    expect(empty.status).toBe(422);
    const forbidden = await patch(String(changed.headers.etag), { state: 'deleted' });
    expect(forbidden.body.errors).toEqual([{ pointer: '/state', detail: 'is not a known field' }]);
    expect((await service.call('GET', `/v1/tenants/${id}`)).body.name).toBe('B');
    expect((await service.outbox()).at(-1)).toMatchObject({ type: 'tenant.updated', payload: { name: 'B' } });
  });

  it('is not sent again to who has it', async () => {
    const id = await tenantIn('active');
    const { headers } = await service.call('GET', `/v1/tenants/${id}`);
    const again = await service.call('GET', `/v1/tenants/${id}`, {
      headers: { 'if-none-match': String(headers.etag) },
    });
    expect([again.status, again.body]).toEqual([304, undefined]);
  });

  it('is seen by itself and by operators, and by nobody else', async () => {
    const [own, other] = [await tenantIn('active'), await tenantIn('active')];
    expect((await service.call('GET', `/v1/tenants/${own}`, { token: `tenant:${own}` })).status).toBe(200);
    const answer = await service.call('GET', `/v1/tenants/${other}`, { token: `tenant:${own}` });
    const unknown = await service.call('GET', `/v1/tenants/${crypto.randomUUID()}`, { token: `tenant:${own}` });
    expect([answer.status, answer.body.code]).toEqual([404, 'KLT_TENANT_NOT_FOUND']);
    expect(answer.body.detail).toBe(unknown.body.detail);
    const list = await service.call('GET', '/v1/tenants', { token: `tenant:${own}` });
    expect(list.body.items.map(({ id }: { id: string }) => id)).toEqual([own]);
  });

  it.each([
    ['PATCH', '', { name: 'x' }],
    ['DELETE', '', undefined],
    ['POST', '/suspend', undefined],
    ['POST', '/resume', undefined],
    ['POST', '/change-tier', { tier: 'dedicated' }],
    ['POST', '/client-secret', undefined],
    ['POST', '/client-secret/rotate', undefined],
  ] as const)('takes no %s %s from another tenant, even with an operator’s scopes', async (method, path, body) => {
    const [own, other] = [await tenantIn('active'), await tenantIn('active')];
    const headers = { 'if-match': '*' };
    const answer = await service.call(method, `/v1/tenants/${other}${path}`, { token: `all:${own}`, body, headers });
    expect([answer.status, answer.body.code]).toEqual([404, 'KLT_TENANT_NOT_FOUND']);
    expect(await stateOf(other)).toBe('active');
  });

  it('of no uuid is not looked for', async () => {
    const answer = await service.call('GET', '/v1/tenants/acme');
    expect(answer).toMatchObject({ status: 422, body: { errors: [{ parameter: 'tenantId', in: 'path' }] } });
  });
});

describe('lists of tenants', () => {
  let service: EnterpriseInfo;
  const slugs = ['delta', 'alpha', 'charlie', 'bravo'];
  beforeAll(async () => {
    service = await startEnterpriseInfo();
    for (const slug of slugs) await service.call('POST', '/v1/tenants', { body: newTenantBody({ slug }) });
  });
  afterAll(() => service.close());
  const slugsOf = (body: { items: { slug: string }[] }) => body.items.map(({ slug }) => slug);
  const list = (query: string) => service.call('GET', `/v1/tenants?${query}`);

  it('go on where the page before has ended', async () => {
    const first = await list('sort=slug&limit=3');
    expect(slugsOf(first.body)).toEqual(['alpha', 'bravo', 'charlie']);
    const second = await list(`sort=slug&limit=3&cursor=${first.body.nextCursor}`);
    expect(slugsOf(second.body)).toEqual(['delta']);
    expect(second.body.nextCursor).toBeUndefined();
  });

  it('show the newest first where nothing else is asked for', async () => {
    expect(slugsOf((await list('')).body)).toEqual([...slugs].reverse());
  });

  it('are filtered, sorted and cut down to fields', async () => {
    const { body } = await list('filter=slug:alpha,state:requested&fields=slug,tier');
    expect(body.items).toEqual([{ slug: 'alpha', tier: 'pool' }]);
    expect(slugsOf((await list('sort=-slug')).body)).toEqual(['delta', 'charlie', 'bravo', 'alpha']);
  });

  it('have an ETag that stands for what they say', async () => {
    const { headers } = await list('sort=slug');
    const again = await service.call('GET', '/v1/tenants?sort=slug', {
      headers: { 'if-none-match': String(headers.etag) },
    });
    expect(again.status).toBe(304);
  });

  it.each([
    ['filter=secret:1', 422],
    ['sort=contact', 422],
    ['fields=password', 422],
    ['limit=0', 422],
    ['cursor=made-up', 400],
    ['nonsense=1', 422],
  ])('refuse %s', async (query, status) => {
    expect((await list(query)).status).toBe(status);
  });
});

describe('the tiers', () => {
  it('say what each allows and whether it can be had here', async () => {
    const service = await startEnterpriseInfo(['pool']);
    const { body } = await service.call('GET', '/v1/tiers');
    expect(body.items.map(({ name, available }: Record<string, unknown>) => [name, available])).toEqual([
      ['pool', true],
      ['shared-cell', false],
      ['dedicated', false],
    ]);
    expect(body.items[0]).toMatchObject({ ratePerSecond: 50, burst: 100, dailyQuota: 200_000 });
    await service.close();
  });
});

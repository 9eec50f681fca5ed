import { KolateError } from '../../../src/contracts/errors';
import { operationProgressed } from '../../../src/contracts/events/saga-messages';
import type { Operation } from '../../../src/contracts/http/operations';
import { createFakeIdentityDirectory } from '../../../src/platform/identity/identity-directory.fake';
import { newMessage } from '../../../src/platform/kafka/message-codec';
import { createPostgres } from '../../../src/platform/postgres/create-postgres';
import { createFakeSecrets } from '../../../src/platform/secrets/secret-store.fake';
import { createFakeStackDriver } from '../../../src/platform/tenancy/tenant-stack-driver.fake';
import { createEnterpriseInfoApp } from '../../../src/services/enterprise-info/app';
import { projectOperation } from '../../../src/services/enterprise-info/operations/project-operation';
import { reconcilePlacements } from '../../../src/services/enterprise-info/provisioning/reconcile-placements';
import { createClientSecrets } from '../../../src/services/enterprise-info/tenants/client-secret';
import {
  type EnterpriseInfo,
  newTenantBody,
  operator,
  planInMemory,
  startEnterpriseInfo,
  verifyTestToken,
} from '../../helpers/enterprise-info';
import { createTestLog } from '../../helpers/messaging';
import { newStackSpec } from '../../helpers/stack-driver-contract';

let service: EnterpriseInfo;
beforeAll(async () => {
  service = await startEnterpriseInfo();
});
afterAll(() => service.close());

const request = async (): Promise<{ operationId: string; tenantId: string }> =>
  (await service.call('POST', '/v1/tenants', { body: newTenantBody() })).body;
const show = async (id: string, headers = {}) => service.call('GET', `/v1/operations/${id}`, { headers });

/** Core's news, as the topic brings it. */
async function tell(id: string, revision: number, change: Partial<Operation>): Promise<void> {
  const operation: Operation = { ...(await show(id)).body, ...change };
  const message = newMessage(operationProgressed, 'core', { key: id, data: { revision, operation } });
  await service.core.transaction((sql) => projectOperation.handle(message, sql, undefined));
}

describe('an operation over HTTP', () => {
  it('is shown as core last said, whatever order the news comes in', async () => {
    const { operationId } = await request();
    await tell(operationId, 2, { steps: [{ name: 'reserve', status: 'succeeded', attempt: 1, durationMs: 7 }] });
    await tell(operationId, 1, { steps: [{ name: 'reserve', status: 'running', attempt: 1 }] });
    await tell(operationId, 2, { status: 'failed' });
    const { body } = await show(operationId);
    expect(body).toMatchObject({ status: 'running', steps: [{ status: 'succeeded', durationMs: 7 }] });
  });

  it('frees its tenant when it has ended, and gives it another ETag', async () => {
    const { operationId, tenantId } = await request();
    const before = await service.call('GET', `/v1/tenants/${tenantId}`);
    const cause = { code: 'KLT_PROVISION_FAILED', detail: 'no room', hint: 'make some' };
    await tell(operationId, 5, { status: 'failed', cause });
    expect((await show(operationId)).body).toMatchObject({ status: 'failed', cause });
    const after = await service.call('GET', `/v1/tenants/${tenantId}`);
    expect(after.body.currentOperationId).toBeUndefined();
    expect(after.headers.etag).not.toBe(before.headers.etag);
  });

  it('is not sent again to who has it, until there is news', async () => {
    const { operationId } = await request();
    const etag = String((await show(operationId)).headers.etag);
    expect((await show(operationId, { 'if-none-match': etag })).status).toBe(304);
    await tell(operationId, 3, { status: 'cancelling' });
    expect((await show(operationId, { 'if-none-match': etag })).status).toBe(200);
  });

  it('of another tenant is not found, and needs its scope', async () => {
    const [own, other] = [await request(), await request()];
    const see = (token: string, id: string) => service.call('GET', `/v1/operations/${id}`, { token });
    expect((await see(`all:${own.tenantId}`, own.operationId)).status).toBe(200);
    expect((await see(`all:${own.tenantId}`, other.operationId)).body.code).toBe('KLT_OPERATION_NOT_FOUND');
    expect((await see(`tenant:${own.tenantId}`, own.operationId)).body.code).toBe('KLT_SCOPE_MISSING');
    const list = await service.call('GET', '/v1/operations', { token: `all:${own.tenantId}` });
    expect(list.body.items.map(({ id }: Operation) => id)).toEqual([own.operationId]);
    const cancel = await service.call('POST', `/v1/operations/${other.operationId}/cancel`, {
      token: `all:${own.tenantId}`,
    });
    expect(cancel.status).toBe(404);
  });

  it('that runs takes no retry, and answers a cancel with one key once', async () => {
    const { operationId } = await request();
    const retry = await service.call('POST', `/v1/operations/${operationId}/retry`);
    expect([retry.status, retry.body.code, retry.body.allowed]).toEqual([
      409,
      'KLT_OPERATION_TRANSITION_ILLEGAL',
      ['cancel'],
    ]);
    const cancel = () =>
      service.call('POST', `/v1/operations/${operationId}/cancel`, { headers: { 'idempotency-key': operationId } });
    expect((await cancel()).body).toEqual((await cancel()).body);
    const sent = (await service.outbox()).filter(({ payload }) => payload.operationId === operationId);
    expect(sent.map(({ type }) => type)).toEqual(['tenant.requested', 'operation.cancel_requested']);
  });

  it('cannot be retried while another one of its tenant runs', async () => {
    const { operationId, tenantId } = await request();
    await tell(operationId, 5, { status: 'failed' });
    expect((await service.call('DELETE', `/v1/tenants/${tenantId}`)).status).toBe(202);
    const retry = await service.call('POST', `/v1/operations/${operationId}/retry`);
    expect([retry.status, retry.body.code]).toEqual([409, 'KLT_TENANT_BUSY']);
    expect((await show(operationId)).body.status).toBe('failed');
  });
});

describe('a client’s secret', () => {
  it('is not there before the client is', async () => {
    const { tenantId } = await request();
    for (const path of ['', '/rotate']) {
      const answer = await service.call('POST', `/v1/tenants/${tenantId}/client-secret${path}`);
      expect([answer.status, answer.body.code]).toEqual([404, 'KLT_CLIENT_NOT_FOUND']);
    }
  });

  it('is still to be shown when a rotation has failed', async () => {
    const { tenantId } = await request();
    await service.core.sql.run`update tenancy.tenant set client_id = 'c' where id = ${tenantId}`;
    await service.secrets.put(`tenant/${tenantId}/client`, 'the first secret');
    const away = createClientSecrets({
      ...{ core: service.core, secrets: service.secrets },
      directory: {
        ...createFakeIdentityDirectory(),
        rotateSecret: () => Promise.reject(new KolateError('KLT_DEPENDENCY_UNAVAILABLE', 'the issuer does not answer')),
      },
    });
    await expect(away.rotate(operator, tenantId)).rejects.toMatchObject({ status: 503 });
    expect(await away.reveal(operator, tenantId)).toEqual({ clientId: 'c', clientSecret: 'the first secret' });
    await expect(service.secrets.get(`tenant/${tenantId}/client`)).rejects.toMatchObject({
      code: 'KLT_SECRET_NOT_FOUND',
    });
  });
});

it('a stack that came back elsewhere is followed, and everybody is told', async () => {
  const { tenantId } = await request();
  const driver = createFakeStackDriver();
  const stack = await driver.apply({ ...newStackSpec('dedicated'), tenantId, name: 'moved' });
  const before = JSON.stringify({ ...stack.endpoints, postgres: { ...stack.endpoints.postgres, port: 4_711 } });
  await service.core.sql.run`
    insert into tenancy.placement (tenant_id, role, tier, stack, isolation, secret_name, endpoints)
    values (${tenantId}, 'current', 'dedicated', 'moved', '{}', 'name', ${before})`;
  const { log } = createTestLog();
  expect(await reconcilePlacements({ core: service.core, driver, log })).toBe(1);
  expect(await reconcilePlacements({ core: service.core, driver, log })).toBe(0);
  const placement = await service.core.sql
    .one`select endpoints from tenancy.placement_of where tenant_id = ${tenantId}`;
  expect(placement).toEqual({ endpoints: stack.endpoints });
  expect((await service.outbox()).at(-1)).toMatchObject({ type: 'tenant.state_changed', aggregateid: tenantId });
});

it('a database that is down is a 503 that says when to come back, and nothing of its inside', async () => {
  const core = createPostgres('core', { url: 'postgresql://who:hunter2@127.0.0.1:9/none', name: 'test' });
  const app = createEnterpriseInfoApp({
    ...{ core, secrets: createFakeSecrets(), directory: createFakeIdentityDirectory(), verifyToken: verifyTestToken },
    ...{ log: createTestLog().log, probes: [{ name: 'postgres', check: core.ping }], availableTiers: ['pool'] },
    planTier: planInMemory,
    quotas: [],
    cursorKeys: ['a-key-that-signs-the-cursors-of-lists'],
  });
  const headers = { authorization: 'Bearer operator', 'idempotency-key': 'k' };
  for (const answer of [
    await app.inject({ url: '/v1/tenants', headers }),
    await app.inject({ method: 'POST', url: '/v1/tenants', headers, payload: newTenantBody() }),
  ]) {
    expect(answer.statusCode).toBe(503);
    expect(answer.headers['retry-after']).toBe('1');
    expect(answer.json()).toMatchObject({ code: 'KLT_DEPENDENCY_UNAVAILABLE' });
    expect(answer.body).not.toMatch(/hunter2|ECONNREFUSED|node_modules| at /);
  }
  expect((await app.inject('/readyz')).json()).toEqual({ status: 'not ready', failed: ['postgres'] });
  await app.close();
  await core.close();
});

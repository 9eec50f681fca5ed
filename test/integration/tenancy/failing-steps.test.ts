import { KolateError } from '../../../src/contracts/errors';
import type { TenantStackDriver } from '../../../src/platform/tenancy/tenant-stack-driver';
import { newTenantBody } from '../../helpers/enterprise-info';
import { startTenancyPlatform, statusesOf, type TenancyPlatform } from '../../helpers/tenancy-platform';
import { until } from '../../helpers/until';

type Apply = TenantStackDriver['apply'];

describe('an onboarding that does not go well', () => {
  let platform: TenancyPlatform;
  /** Takes the place of the driver's `apply`, which it may call. */
  let instead: ((apply: Apply, ...args: Parameters<Apply>) => ReturnType<Apply>) | undefined;
  beforeAll(async () => {
    platform = await startTenancyPlatform({
      wrap: (driver) => ({
        ...driver,
        apply: (spec, signal) => (instead ? instead(driver.apply, spec, signal) : driver.apply(spec, signal)),
      }),
    });
  });
  afterEach(() => {
    instead = undefined;
  });
  afterAll(() => platform.close());
  const request = async () => (await platform.info.call('POST', '/v1/tenants', { body: newTenantBody() })).body;
  const tenantOf = async (id: string) => (await platform.info.call('GET', `/v1/tenants/${id}`)).body;

  it('is tried again after a passing failure, and shows it', async () => {
    let tries = 0;
    instead = (apply, ...args) => {
      tries += 1;
      if (tries === 1) throw new KolateError('KLT_PROVISION_FAILED', 'the first try fails');
      return apply(...args);
    };
    const { operation } = await platform.onboard();
    expect(operation.status).toBe('succeeded');
    expect(operation.steps.find(({ name }) => name === 'provision')).toMatchObject({ status: 'succeeded', attempt: 2 });
  });

  it('is undone, last step first, with its cause and a hint, and goes well when it is retried', async () => {
    instead = () => Promise.reject(new KolateError('KLT_PROVISION_FAILED', 'no room on this machine'));
    const { operationId, tenantId } = await request();
    const failed = await platform.ended(operationId);
    expect(failed).toMatchObject({
      status: 'failed',
      cause: { code: 'KLT_PROVISION_FAILED', detail: 'no room on this machine', hint: expect.any(String) },
    });
    expect(statusesOf(failed)).toMatchObject({ reserve: 'compensated', place: 'compensated', migrate: 'pending' });
    expect(await tenantOf(tenantId)).toMatchObject({ state: 'requested' });
    expect((await tenantOf(tenantId)).currentOperationId).toBeUndefined();
    await expect(platform.info.secrets.get(`tenant/${tenantId}/pool/stores`)).rejects.toMatchObject({
      code: 'KLT_SECRET_NOT_FOUND',
    });

    instead = undefined;
    const retried = await platform.info.call('POST', `/v1/operations/${operationId}/retry`);
    expect([retried.status, retried.headers.location]).toEqual([202, `/v1/operations/${operationId}`]);
    const again = await platform.info.call('POST', `/v1/operations/${operationId}/retry`);
    expect([again.status, again.body.code]).toEqual([409, 'KLT_OPERATION_TRANSITION_ILLEGAL']);
    const ended = await platform.ended(operationId);
    expect(ended.status).toBe('succeeded');
    expect(ended.cause).toBeUndefined();
    expect(await tenantOf(tenantId)).toMatchObject({ state: 'active' });
  });

  it('is undone when it is cancelled, after what is under way has ended', async () => {
    let release: () => void = () => undefined;
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    instead = (apply, ...args) => held.then(() => apply(...args));
    const { operationId, tenantId } = await request();
    await until(async () => statusesOf(await platform.operation(operationId)).provision === 'running');
    const accepted = await platform.info.call('POST', `/v1/operations/${operationId}/cancel`);
    expect([accepted.status, accepted.body.status]).toEqual([202, 'cancelling']);
    await until(async () => (await platform.operation(operationId)).status === 'cancelling');
    release();
    expect((await platform.ended(operationId)).status).toBe('cancelled');
    expect(await tenantOf(tenantId)).toMatchObject({ state: 'requested' });
    expect(await platform.agent.driver.describe(`tenant-${tenantId}-pool`)).toBeUndefined();
    const late = await platform.info.call('POST', `/v1/operations/${operationId}/cancel`);
    expect([late.status, late.body.code]).toEqual([409, 'KLT_OPERATION_TRANSITION_ILLEGAL']);
  });

  it('cannot be cancelled once the tenant is active', async () => {
    const { operation } = await platform.onboard();
    await platform.info.core.sql.run`update tenancy.operation set status = 'running' where id = ${operation.id}`;
    const answer = await platform.info.call('POST', `/v1/operations/${operation.id}/cancel`);
    expect([answer.status, answer.body.code]).toEqual([409, 'KLT_OPERATION_TRANSITION_ILLEGAL']);
  });

  it('does not keep other tenants waiting while one of its steps takes long', async () => {
    let slow: string | undefined;
    let release: () => void = () => undefined;
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    instead = (apply, spec, signal) => {
      slow ??= spec.tenantId;
      return slow === spec.tenantId ? held.then(() => apply(spec, signal)) : apply(spec, signal);
    };
    const first = await request();
    await until(() => slow === first.tenantId);
    const others = await Promise.all([platform.onboard(), platform.onboard()]);
    expect(others.map(({ operation }) => operation.status)).toEqual(['succeeded', 'succeeded']);
    expect((await platform.operation(first.operationId)).status).toBe('running');
    release();
    expect((await platform.ended(first.operationId)).status).toBe('succeeded');
  });

  it('goes on where it was when the process that ran a step has ended in the middle of it', async () => {
    let begun = 0;
    instead = (apply, spec, signal) => {
      begun += 1;
      if (begun > 1) return apply(spec, signal);
      return new Promise((_, reject) => signal?.addEventListener('abort', () => reject(signal.reason)));
    };
    const { operationId } = await request();
    await until(() => begun === 1);
    await platform.restartWork();
    const operation = await platform.ended(operationId);
    expect(operation.status).toBe('succeeded');
    expect(operation.steps.find(({ name }) => name === 'provision')).toMatchObject({ attempt: 1 });
  });

  it('of an operation that there is none is not found', async () => {
    for (const path of ['', '/retry', '/cancel']) {
      const url = `/v1/operations/${crypto.randomUUID()}${path}`;
      const answer = await platform.info.call(path === '' ? 'GET' : 'POST', url);
      expect([answer.status, answer.body.code]).toEqual([404, 'KLT_OPERATION_NOT_FOUND']);
    }
  });

  it('is listed with every operation, filtered by status and tenant', async () => {
    const { id } = await platform.onboard();
    const { body } = await platform.info.call(
      'GET',
      `/v1/operations?filter=tenantId:${id},status:succeeded&fields=kind,tenantId`,
    );
    expect(body.items).toEqual([{ kind: 'tenant-onboarding', tenantId: id }]);
  });
});

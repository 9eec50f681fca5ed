import { limitOf } from '../../../src/domain/limits/limit-of';
import { leaseFrom } from '../../../src/domain/limits/token-bucket';
import { createMemoryLeases } from '../../../src/platform/redis/create-memory-leases';
import { createRateLimiter } from '../../../src/platform/redis/create-rate-limiter';
import { type CoreRedis, createRedis } from '../../../src/platform/redis/create-redis';
import { createRedisLeases } from '../../../src/platform/redis/create-redis-leases';
import { testRedis } from '../../helpers/engines';
import { startGateway, startService } from '../../helpers/start-gateway';
import { startStubIssuer } from '../../helpers/stub-issuer';
import { until } from '../../helpers/until';

const noon = 20_000 * 86_400_000 + 43_200_000;
let issuer: Awaited<ReturnType<typeof startStubIssuer>>;
let service: Awaited<ReturnType<typeof startService>>;
let redis: CoreRedis;
const gateways: Awaited<ReturnType<typeof startGateway>>[] = [];

beforeAll(async () => {
  issuer = await startStubIssuer();
  service = await startService();
  const server = await testRedis();
  redis = createRedis('core', { url: server.url, name: 'test', keyPrefix: server.uniquePrefix() });
  await until(() => redis.ping().then(() => true));
  for (let n = 0; n < 2; n += 1) {
    // Time stands still, so that nothing fills up while the test runs.
    const limiter = createRateLimiter({
      leases: createRedisLeases(redis, () => noon),
      fallback: createMemoryLeases(leaseFrom, () => noon),
    });
    gateways.push(await startGateway({ issuer: issuer.issuer, origin: service.origin, limiter }));
  }
});
afterAll(async () => {
  for (const gateway of gateways) await gateway.stop();
  await redis.close();
  await service.stop();
  await issuer.stop();
});

const tokenOf = (tenant: string, client = 'client') =>
  issuer.sign({
    sub: client,
    tenant_id: tenant,
    tier: 'pool',
    scope: 'predictions:write models:read',
    roles: ['tenant-service'],
  });
const infer = (token: string, gateway = 0) =>
  fetch(`${gateways[gateway]?.url}/v2/models/m/infer`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}` },
  });
const field = (answer: Response, name: string) => Number(answer.headers.get(name));

describe('the limit of a tenant', () => {
  it('is told with every answer', async () => {
    const answer = await infer(await tokenOf('told'));
    expect(['limit', 'remaining', 'reset'].map((name) => field(answer, `ratelimit-${name}`))).toEqual([100, 99, 1]);
  });

  it('holds over all gateways and all its clients together, and refuses the rest with 429', async () => {
    const tokens = [await tokenOf('busy', 'one'), await tokenOf('busy', 'two')];
    const answers = await Promise.all(
      Array.from({ length: 160 }, (_value, n) => infer(tokens[n % 2] as string, Math.floor(n / 2) % 2)),
    );
    const passed = answers.filter(({ status }) => status === 200);
    const refused = answers.filter(({ status }) => status === 429);
    expect([passed.length, refused.length]).toEqual([100, 60]);
    const [first] = refused as [Response];
    expect(field(first, 'ratelimit-remaining')).toBe(0);
    expect(field(first, 'retry-after')).toBeGreaterThanOrEqual(1);
    expect(first.headers.get('content-type')).toBe('application/json');
    expect(JSON.parse(await first.text())).toMatchObject({
      code: 'KLT_RATE_LIMITED',
      status: 429,
      error: expect.any(String),
    });
  });

  it('costs neither other tenants nor its own management anything', async () => {
    const token = await tokenOf('busy');
    expect((await infer(token)).status).toBe(429);
    const management = await fetch(`${gateways[0]?.url}/v1/models`, { headers: { authorization: `Bearer ${token}` } });
    expect([management.status, field(management, 'ratelimit-limit')]).toEqual([200, 200]);
    expect((await infer(await tokenOf('calm'))).status).toBe(200);
  });

  it('ends with the day’s quota, which says so and when it begins anew', async () => {
    const counted = limitOf(
      { subject: 'x', tenantId: 'used-up', tier: 'pool', scopes: new Set(), roles: [], expiresAt: 0 },
      'inference',
    );
    const quota = counted?.limit.dailyQuota;
    if (counted === undefined || quota === undefined) throw new Error('the tier has no quota');
    const wholeDay = { ...counted.limit, burst: quota };
    await createRedisLeases(redis, () => noon).lease(counted.key, wholeDay, { want: quota, back: 0, backDay: 0 });
    const answer = await infer(await tokenOf('used-up'));
    expect(JSON.parse(await answer.text())).toMatchObject({ code: 'KLT_QUOTA_EXHAUSTED' });
    expect(field(answer, 'ratelimit-limit')).toBe(quota);
  });

  it('goes on without Redis', async () => {
    const nowhere = createRedis('core', { url: 'redis://127.0.0.1:9', name: 'test' });
    const limiter = createRateLimiter({ leases: createRedisLeases(nowhere), fallback: createMemoryLeases(leaseFrom) });
    const gateway = await startGateway({ issuer: issuer.issuer, origin: service.origin, limiter });
    try {
      const headers = { authorization: `Bearer ${await tokenOf('lonely')}` };
      const answer = await fetch(`${gateway.url}/v2/models/m/infer`, { method: 'POST', headers });
      expect([answer.status, field(answer, 'ratelimit-limit')]).toEqual([200, 100]);
    } finally {
      await gateway.stop();
      await nowhere.close();
    }
  });
});

import fc from 'fast-check';
import type { LeaseAsk, Limit } from '../../../src/contracts/limits';
import { type Bucket, leaseFrom } from '../../../src/domain/limits/token-bucket';
import { createRateLimiter } from '../../../src/platform/redis/create-rate-limiter';
import { type CoreRedis, createRedis } from '../../../src/platform/redis/create-redis';
import { createRedisLeases } from '../../../src/platform/redis/create-redis-leases';
import { testRedis } from '../../helpers/engines';
import { until } from '../../helpers/until';

const epoch = 20_000 * 86_400_000;
const limit: Limit = { ratePerSecond: 50, burst: 100, dailyQuota: 1_000 };

let redis: CoreRedis;
beforeAll(async () => {
  const server = await testRedis();
  redis = createRedis('core', { url: server.url, name: 'test', keyPrefix: server.uniquePrefix() });
  await until(() => redis.ping().then(() => true));
});
afterAll(() => redis.close());

let keys = 0;
const newKey = () => `tenant-${keys++}`;

describe('leases from Redis', () => {
  it('follow the rule of the domain to the last token, whatever comes', async () => {
    const steps = fc.array(
      fc.record({
        waitMs: fc.integer({ min: 0, max: 40_000_000 }),
        want: fc.integer({ min: 1, max: 150 }),
        back: fc.nat(20),
        daysAgo: fc.nat(1),
      }),
      { minLength: 1, maxLength: 12 },
    );
    const limits = fc.record({
      ratePerSecond: fc.integer({ min: 1, max: 500 }),
      burst: fc.integer({ min: 1, max: 200 }),
      dailyQuota: fc.option(fc.integer({ min: 0, max: 600 }), { nil: undefined }),
    });
    await fc.assert(
      fc.asyncProperty(limits, steps, async (limit, steps) => {
        let now = epoch;
        const leases = createRedisLeases(redis, () => now);
        const key = newKey();
        let bucket: Bucket | undefined;
        for (const { waitMs, want, back, daysAgo } of steps) {
          now += waitMs;
          const ask: LeaseAsk = { want, back: bucket ? back : 0, backDay: Math.floor(now / 86_400_000) - daysAgo };
          const expected = leaseFrom(bucket, limit, ask, now);
          bucket = expected.bucket;
          expect(await leases.lease(key, limit, ask)).toEqual(expected.grant);
        }
      }),
      { numRuns: 60 },
    );
  });

  it('are shared: several processes together get what one would', async () => {
    const limiters = Array.from({ length: 4 }, () => {
      const leases = createRedisLeases(redis, () => epoch);
      return createRateLimiter({ leases, fallback: leases });
    });
    const key = newKey();
    const decisions = await Promise.all(
      limiters.flatMap((limiter) => Array.from({ length: 60 }, async () => limiter.take(key, limit))),
    );
    expect(decisions.filter(({ allowed }) => allowed)).toHaveLength(100);
  });

  it('go by the time of the server and are forgotten when they no longer matter', async () => {
    const leases = createRedisLeases(redis);
    const key = newKey();
    const quick: Limit = { ratePerSecond: 1_000, burst: 5 };
    expect(await leases.lease(key, quick, { want: 5, back: 0, backDay: 0 })).toMatchObject({ granted: 5 });
    await until(async () => (await redis.get(`limit:${key}`)) === undefined);
  });

  it('say in time that Redis is not there', async () => {
    const nowhere = createRedis('core', { url: 'redis://127.0.0.1:9', name: 'test' });
    try {
      const ask = { want: 1, back: 0, backDay: 0 };
      await expect(createRedisLeases(nowhere).lease('any', limit, ask)).rejects.toMatchObject({
        code: 'KLT_DEPENDENCY_UNAVAILABLE',
      });
    } finally {
      await nowhere.close();
    }
  });
});

describe('a Redis handle', () => {
  it('keeps values for their time and counts what it deletes', async () => {
    await redis.set('kept', 'for long');
    await redis.set('short', 'lived', { ttlMs: 1 });
    await until(async () => (await redis.get('short')) === undefined);
    expect(await redis.get('kept')).toBe('for long');
    expect(await redis.delete('kept', 'short')).toBe(1);
  });

  it('tells a refusal from an absence', async () => {
    const { url } = await testRedis();
    const stranger = createRedis('core', { url: url.replace(/\/\/[^@]*@/, '//'), name: 'test' });
    try {
      const codeOf = () => stranger.get('any').then(String, (error: { code?: string }) => error.code);
      await until(async () => (await codeOf()) === 'KLT_STORE_ACCESS_DENIED');
    } finally {
      await stranger.close();
    }
  });
});

import fc from 'fast-check';
import { KolateError } from '../../../src/contracts/errors';
import type { LeaseAsk, Limit } from '../../../src/contracts/limits';
import { leaseFrom } from '../../../src/domain/limits/token-bucket';
import { createMemoryLeases } from '../../../src/platform/redis/create-memory-leases';
import { createRateLimiter, type Decision } from '../../../src/platform/redis/create-rate-limiter';
import type { LeaseStore } from '../../../src/platform/redis/create-redis-leases';

const leaseTtlMs = 500;
const epoch = 20_000 * 86_400_000;
const limit: Limit = { ratePerSecond: 50, burst: 100, dailyQuota: 10_000 };

/** Time that tests move, and a store in place of Redis that counts and can be away. */
function setUp() {
  let clock = 0;
  const now = () => clock;
  const store = createMemoryLeases(leaseFrom, () => epoch + clock);
  const state = { away: false, asks: [] as LeaseAsk[] };
  const leases: LeaseStore = {
    async lease(key, limit, ask) {
      state.asks.push(ask);
      if (state.away) throw new KolateError('KLT_DEPENDENCY_UNAVAILABLE', 'away');
      return store.lease(key, limit, ask);
    },
  };
  const create = () => createRateLimiter({ leases, fallback: createMemoryLeases(leaseFrom, () => epoch + clock), now });
  return { create, state, pass: (ms: number) => (clock += ms), now };
}

const takeMany = async (limiter: ReturnType<typeof createRateLimiter>, count: number, key = 'pears') => {
  const decisions: Decision[] = [];
  for (let n = 0; n < count; n += 1) decisions.push(await limiter.take(key, limit));
  return decisions;
};
const admitted = (decisions: readonly Decision[]) => decisions.filter(({ allowed }) => allowed).length;

describe('the rate limiter', () => {
  it('asks the store once for twenty calls and answers the others at once', async () => {
    const { create, state } = setUp();
    const limiter = create();
    await limiter.take('pears', limit);
    const next = limiter.take('pears', limit);
    expect(next).toMatchObject({ allowed: true, limit: 100, remaining: 98 });
    await takeMany(limiter, 18);
    expect(state.asks.map(({ want }) => want)).toEqual([20]);
  });

  it('admits the burst, then the rate, and says how long to wait', async () => {
    const { create, pass } = setUp();
    const limiter = create();
    const first = await takeMany(limiter, 130);
    expect(admitted(first)).toBe(100);
    expect(first.at(-1)).toEqual({
      allowed: false,
      code: 'KLT_RATE_LIMITED',
      retryAfterSeconds: 1,
      limit: 100,
      remaining: 0,
      resetSeconds: 2,
    });
    pass(1_000);
    expect(admitted(await takeMany(limiter, 130))).toBe(50);
  });

  it('answers what it knows to be refused without asking again', async () => {
    const { create, state } = setUp();
    const limiter = create();
    await takeMany(limiter, 120);
    const asked = state.asks.length;
    await takeMany(limiter, 500);
    expect(state.asks.length).toBe(asked);
  });

  it('names the quota as the reason, and the next day as the time, once it is used up', async () => {
    const { create } = setUp();
    const limiter = create();
    const small = { ...limit, dailyQuota: 7 };
    for (let n = 0; n < 7; n += 1) expect(await limiter.take('pears', small)).toMatchObject({ allowed: true });
    expect(await limiter.take('pears', small)).toMatchObject({
      allowed: false,
      code: 'KLT_QUOTA_EXHAUSTED',
      retryAfterSeconds: 86_400,
      limit: 7,
    });
  });

  it('counts a slow caller’s calls and not its leases against the day', async () => {
    const { create, pass } = setUp();
    const limiter = create();
    const small = { ...limit, dailyQuota: 50 };
    for (let n = 0; n < 45; n += 1) {
      expect(await limiter.take('pears', small)).toMatchObject({ allowed: true });
      pass(5_000);
    }
  });

  it('keeps tenants apart', async () => {
    const { create } = setUp();
    const limiter = create();
    await takeMany(limiter, 200, 'pears');
    expect(admitted(await takeMany(limiter, 10, 'plums'))).toBe(10);
  });

  it('serves a crowd that comes in one moment, all with one question', async () => {
    const { create, state } = setUp();
    const limiter = create();
    const decisions = await Promise.all(Array.from({ length: 150 }, () => limiter.take('pears', limit)));
    expect(admitted(decisions)).toBe(100);
    expect(state.asks.length).toBeLessThanOrEqual(4);
  });

  it('stands in for an absent store with the same limit, and gives up after thirty seconds', async () => {
    const { create, state, pass } = setUp();
    const limiter = create();
    state.away = true;
    expect(admitted(await takeMany(limiter, 130))).toBe(100);
    pass(29_000);
    expect(await limiter.take('pears', limit)).toMatchObject({ allowed: true });
    pass(2_000);
    await expect(limiter.take('pears', limit)).rejects.toMatchObject({
      code: 'KLT_DEPENDENCY_UNAVAILABLE',
      options: { retryAfterSeconds: 1 },
    });
    state.away = false;
    pass(1_000);
    expect(await limiter.take('pears', limit)).toMatchObject({ allowed: true });
  });

  it('gives the store nothing back that another store had leased', async () => {
    const { create, state, pass } = setUp();
    const limiter = create();
    state.away = true;
    await limiter.take('pears', limit);
    state.away = false;
    pass(2_000);
    await limiter.take('pears', limit);
    expect(state.asks.at(-1)).toMatchObject({ back: 0 });
    pass(2_000);
    await limiter.take('pears', limit);
    expect(state.asks.at(-1)).toMatchObject({ back: 19 });
  });

  it('admits in no window more than rate × time + burst, and what the processes can have leased before it', async () => {
    const calls = fc.array(
      fc.record({
        process: fc.nat(3),
        waitMs: fc.integer({ min: 0, max: 400 }),
        count: fc.integer({ min: 1, max: 40 }),
      }),
      { minLength: 1, maxLength: 60 },
    );
    await fc.assert(
      fc.asyncProperty(calls, async (calls) => {
        const { create, pass, now } = setUp();
        const processes = Array.from({ length: 4 }, create);
        const times: number[] = [];
        for (const { process, waitMs, count } of calls) {
          pass(waitMs);
          const decisions = await takeMany(processes[process] as ReturnType<typeof create>, count);
          for (let n = 0; n < admitted(decisions); n += 1) times.push(now());
        }
        const leasedBefore = Math.min(processes.length * 20, (leaseTtlMs * limit.ratePerSecond) / 1_000);
        const excess = times.flatMap((from, first) =>
          times.slice(first).map((to, index) => index + 1 - ((to - from) * limit.ratePerSecond) / 1_000),
        );
        expect(excess.reduce((most, one) => Math.max(most, one), 0)).toBeLessThanOrEqual(
          limit.burst + leasedBefore + 1e-6,
        );
      }),
      { numRuns: 40 },
    );
  });
});

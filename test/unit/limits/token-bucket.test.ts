import fc from 'fast-check';
import type { LeaseAsk, Limit } from '../../../src/contracts/limits';
import { type Bucket, leaseFrom } from '../../../src/domain/limits/token-bucket';

const dayMs = 86_400_000;
const noon = 20_000 * dayMs + dayMs / 2;
const ask = (want: number, back = 0): LeaseAsk => ({ want, back, backDay: Math.floor(noon / dayMs) });
const limit: Limit = { ratePerSecond: 10, burst: 50, dailyQuota: 100 };

describe('a lease from a token bucket', () => {
  it('starts with a full bucket and answers at most what is in it', () => {
    const { bucket, grant } = leaseFrom(undefined, limit, ask(80), noon);
    expect(grant).toMatchObject({ granted: 50, bucketLeft: 0, quotaLeft: 50, waitMs: 100 });
    expect(leaseFrom(undefined, limit, ask(50), noon).grant).toMatchObject({ granted: 50, waitMs: 0 });
    expect(leaseFrom(bucket, limit, ask(5), noon).grant).toMatchObject({ granted: 0, waitMs: 100 });
  });

  it('fills with the rate and not beyond the burst', () => {
    const { bucket } = leaseFrom(undefined, limit, ask(50), noon);
    expect(leaseFrom(bucket, limit, ask(50), noon + 1_500).grant.granted).toBe(15);
    expect(leaseFrom(bucket, { ...limit, dailyQuota: undefined }, ask(99), noon + 60_000).grant.granted).toBe(50);
  });

  it('says to wait for the next day when the quota is used up, and begins anew then', () => {
    const used: Bucket = { tokens: 50, atMs: noon, day: Math.floor(noon / dayMs), used: 100 };
    expect(leaseFrom(used, limit, ask(1), noon).grant).toMatchObject({ granted: 0, quotaLeft: 0, waitMs: dayMs / 2 });
    expect(leaseFrom(used, limit, ask(1), noon + dayMs / 2).grant).toMatchObject({ granted: 1, quotaLeft: 99 });
  });

  it('takes back what was not spent, for the bucket and for the day that it was leased on', () => {
    const { bucket } = leaseFrom(undefined, limit, ask(20), noon);
    expect(leaseFrom(bucket, limit, ask(1, 15), noon).bucket).toMatchObject({ tokens: 44, used: 6 });
    expect(leaseFrom(bucket, limit, { ...ask(1, 15), backDay: 1 }, noon).bucket).toMatchObject({ used: 21 });
  });

  it('gives nothing for a clock that goes back', () => {
    const { bucket } = leaseFrom(undefined, limit, ask(50), noon);
    const back = leaseFrom(bucket, limit, ask(50), noon - 5_000);
    expect(back.grant.granted).toBe(0);
    expect(leaseFrom(back.bucket, limit, ask(50), noon).grant.granted).toBe(0);
  });

  const steps = fc.array(
    fc.record({ waitMs: fc.integer({ min: 0, max: 3_000 }), want: fc.integer({ min: 1, max: 60 }) }),
    { minLength: 1, maxLength: 60 },
  );
  const limits = fc.record({
    ratePerSecond: fc.integer({ min: 1, max: 100 }),
    burst: fc.integer({ min: 1, max: 60 }),
    dailyQuota: fc.option(fc.integer({ min: 0, max: 500 }), { nil: undefined }),
  });

  it('never lets more out by any time than rate × time + burst, nor more in a day than the quota', () => {
    fc.assert(
      fc.property(limits, steps, (limit, steps) => {
        let bucket: Bucket | undefined;
        let now = noon;
        let total = 0;
        for (const { waitMs, want } of steps) {
          now += waitMs;
          const next = leaseFrom(bucket, limit, ask(want), now);
          bucket = next.bucket;
          total += next.grant.granted;
          expect(next.grant.granted).toBeLessThanOrEqual(want);
          expect(total).toBeLessThanOrEqual(((now - noon) * limit.ratePerSecond) / 1_000 + limit.burst + 1e-6);
          expect(total).toBeLessThanOrEqual(limit.dailyQuota ?? Number.POSITIVE_INFINITY);
        }
      }),
    );
  });

  it('has a token, or the day has turned, when the wait that it named is over', () => {
    fc.assert(
      fc.property(limits, steps, (limit, steps) => {
        let bucket: Bucket | undefined;
        let now = noon;
        for (const { waitMs, want } of steps) {
          now += waitMs;
          const next = leaseFrom(bucket, limit, ask(want), now);
          bucket = next.bucket;
          if (next.grant.granted === 0 && limit.dailyQuota !== 0) {
            expect(leaseFrom(bucket, limit, ask(1), now + next.grant.waitMs).grant.granted).toBe(1);
          }
        }
      }),
    );
  });
});

import fc from 'fast-check';
import { backoffMs, jitteredBackoff } from '../../../src/domain/backoff';

const policy = fc.record({
  baseMs: fc.integer({ min: 1, max: 1_000 }),
  maxMs: fc.integer({ min: 1_000, max: 60_000 }),
});
const attempt = fc.integer({ min: 1, max: 1_000 });
const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

it('waits between half of its bound and the whole of it', () => {
  fc.assert(
    fc.property(policy, attempt, random, (p, n, r) => {
      const bound = Math.min(p.maxMs, p.baseMs * 2 ** (n - 1));
      const wait = backoffMs(p, n, r);
      expect(wait).toBeGreaterThanOrEqual(Math.floor(bound / 2));
      expect(wait).toBeLessThanOrEqual(Math.ceil(bound));
    }),
  );
});

it('doubles its bound with each try until the longest wait', () => {
  const waits = [1, 2, 3, 4, 5, 6].map((n) => backoffMs({ baseMs: 100, maxMs: 1_000 }, n, 0));
  expect(waits).toEqual([50, 100, 200, 400, 500, 500]);
});

it('takes its randomness from whoever makes it', () => {
  const draws = [0, 0.5];
  const backoff = jitteredBackoff({ baseMs: 100, maxMs: 1_000 }, () => draws.shift() ?? 0);
  expect([backoff(1), backoff(1)]).toEqual([50, 75]);
});

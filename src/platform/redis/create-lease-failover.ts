import { KolateError } from '../../contracts/errors';
import type { LeaseGrant } from '../../contracts/limits';
import type { LeaseStore } from './create-redis-leases';

type FailoverOptions = {
  readonly leases: LeaseStore;
  readonly fallback: LeaseStore;
  readonly maxFallbackMs: number;
  /** Monotonic milliseconds. */
  readonly now: () => number;
};

const retryRedisMs = 250;

type AskOf = (store: LeaseStore) => Promise<LeaseGrant>;

/** Redis while it answers; else the fallback, for a time. Redis is tried again every `retryRedisMs`, by one call. */
export function createLeaseFailover({ leases, fallback, maxFallbackMs, now }: FailoverOptions) {
  let downSince: number | undefined;
  let retryAt = 0;
  return async (ask: AskOf): Promise<{ from: LeaseStore; grant: LeaseGrant }> => {
    let cause: unknown;
    if (downSince === undefined || now() >= retryAt) {
      retryAt = now() + retryRedisMs;
      try {
        const grant = await ask(leases);
        downSince = undefined;
        return { from: leases, grant };
      } catch (error) {
        cause = error;
        downSince ??= now();
        retryAt = now() + retryRedisMs;
      }
    }
    if (now() - downSince <= maxFallbackMs) return { from: fallback, grant: await ask(fallback) };
    throw new KolateError('KLT_DEPENDENCY_UNAVAILABLE', 'the limits cannot be kept at the moment', {
      retryAfterSeconds: 1,
      cause,
    });
  };
}

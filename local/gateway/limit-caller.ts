import { KolateError } from '../../src/contracts/errors';
import type { Route } from '../../src/contracts/http/route';
import type { Identity } from '../../src/contracts/scopes';
import { limitOf } from '../../src/domain/limits/limit-of';
import type { Decision, RateLimiter } from '../../src/platform/redis/create-rate-limiter';

/** Takes one token of the caller's limit. @returns undefined where the route has none */
export function limitCaller(
  limiter: RateLimiter,
  identity: Identity,
  throttle: Route['throttle'],
): Decision | undefined | Promise<Decision> {
  const counted = limitOf(identity, throttle);
  return counted && limiter.take(counted.key, counted.limit);
}

/**
 * RateLimit-Limit, -Remaining and -Reset as of draft-ietf-httpapi-ratelimit-headers-06, the last one with a field for
 * each: the burst, what is left of it now, and the seconds until it is whole again.
 */
export const limitHeaders = ({ limit, remaining, resetSeconds }: Decision): Record<string, string> => ({
  'ratelimit-limit': String(limit),
  'ratelimit-remaining': String(remaining),
  'ratelimit-reset': String(resetSeconds),
});

/** @throws KolateError KLT_RATE_LIMITED, KLT_QUOTA_EXHAUSTED */
export function requireAllowed({ code, retryAfterSeconds, limit }: Decision): void {
  if (code === undefined) return;
  const detail =
    code === 'KLT_RATE_LIMITED' ? `more than ${limit} calls at once` : `the ${limit} calls of today are used up`;
  throw new KolateError(code, detail, { retryAfterSeconds, hint: `wait ${retryAfterSeconds} s` });
}

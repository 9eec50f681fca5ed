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

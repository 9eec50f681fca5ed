import { KolateError } from '../../contracts/errors';
import type { Route } from '../../contracts/http/route';
import type { Identity } from '../../contracts/scopes';
import type { Decision } from '../redis/create-rate-limiter';

/** Takes one token of whoever's limit a call counts against. @returns undefined where the class has no limit */
export type LimitCaller = (identity: Identity, throttle: Route['throttle']) => Decision | undefined | Promise<Decision>;

/**
 * RateLimit-Limit, -Remaining and -Reset as of draft-ietf-httpapi-ratelimit-headers-06, the last one with a field for
 * each: the burst, what is left of it now, and the seconds until it is whole again.
 */
export const limitHeaders = ({ limit, remaining, resetSeconds }: Decision): Record<string, string> => ({
  'ratelimit-limit': String(limit),
  'ratelimit-remaining': String(remaining),
  'ratelimit-reset': String(resetSeconds),
});

/** @throws KolateError KLT_RATE_LIMITED, KLT_QUOTA_EXHAUSTED, with the headers that belong to the answer */
export function requireAllowed(decision: Decision): void {
  const { code, retryAfterSeconds, limit } = decision;
  if (code === undefined) return;
  const detail =
    code === 'KLT_RATE_LIMITED' ? `more than ${limit} calls at once` : `the ${limit} calls of today are used up`;
  const headers = limitHeaders(decision);
  throw new KolateError(code, detail, { retryAfterSeconds, headers, hint: `wait ${retryAfterSeconds} s` });
}

/** Lets a call in or refuses it, without a promise where the limit is known. @throws as `requireAllowed` */
export const createAdmission =
  (limitCaller: LimitCaller) =>
  (identity: Identity, throttle: Route['throttle'] = 'inference'): void | Promise<void> => {
    const decision = limitCaller(identity, throttle);
    if (decision instanceof Promise) return decision.then(requireAllowed);
    if (decision) requireAllowed(decision);
  };

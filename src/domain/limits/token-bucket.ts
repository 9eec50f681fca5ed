import type { LeaseAsk, LeaseGrant, Limit } from '../../contracts/limits';

/** State of one limit; `used` counts what the day's leases have taken. The script in Redis keeps the same four numbers. */
export type Bucket = { readonly tokens: number; readonly atMs: number; readonly day: number; readonly used: number };

const dayMs = 86_400_000;

/**
 * Leases up to `ask.want` tokens. What leaves the bucket by a time t is never more than rate × t + burst, and never
 * more than the quota on one day. A clock that goes back fills nothing.
 * @param nowMs Unix milliseconds
 */
export function leaseFrom(
  bucket: Bucket | undefined,
  limit: Limit,
  ask: LeaseAsk,
  nowMs: number,
): { readonly bucket: Bucket; readonly grant: LeaseGrant } {
  const day = Math.floor(nowMs / dayMs);
  const { tokens, used } = settle(bucket, limit, ask, nowMs, day);
  const quotaLeft = limit.dailyQuota === undefined ? Number.POSITIVE_INFINITY : limit.dailyQuota - used;
  const granted = Math.max(0, Math.min(ask.want, Math.floor(tokens), quotaLeft));
  const left = tokens - granted;
  const grant: LeaseGrant = {
    granted,
    bucketLeft: Math.floor(left),
    quotaLeft: limit.dailyQuota === undefined ? undefined : Math.max(0, quotaLeft - granted),
    waitMs: granted === ask.want ? 0 : waitFor(limit, left, quotaLeft - granted, nowMs, day),
    day,
  };
  return { bucket: { tokens: left, atMs: Math.max(nowMs, bucket?.atMs ?? nowMs), day, used: used + granted }, grant };
}

/** The bucket as it stands at `nowMs`: filled up, the day turned, and what comes back put in. */
function settle(bucket: Bucket | undefined, limit: Limit, ask: LeaseAsk, nowMs: number, day: number) {
  if (!bucket) return { tokens: limit.burst, used: 0 };
  const filled = bucket.tokens + (Math.max(0, nowMs - bucket.atMs) * limit.ratePerSecond) / 1_000;
  const used = bucket.day === day ? bucket.used : 0;
  return {
    tokens: Math.min(limit.burst, filled + ask.back),
    used: ask.backDay === day ? Math.max(0, used - ask.back) : used,
  };
}

const waitFor = ({ ratePerSecond }: Limit, tokens: number, quotaLeft: number, nowMs: number, day: number): number =>
  quotaLeft <= 0 ? Math.ceil((day + 1) * dayMs - nowMs) : Math.ceil((Math.max(0, 1 - tokens) * 1_000) / ratePerSecond);

import type { LeaseAsk, LeaseGrant, Limit } from '../../contracts/limits';
import type { LeaseStore } from './create-redis-leases';

/** How a bucket hands out: `leaseFrom` of domain/limits. */
export type LeaseRule<Bucket> = (
  bucket: Bucket | undefined,
  limit: Limit,
  ask: LeaseAsk,
  nowMs: number,
) => { readonly bucket: Bucket; readonly grant: LeaseGrant };

const maxBuckets = 10_000;

/**
 * Leases out of this process's own memory, by the rule that the script in Redis follows (`leaseFrom` of domain/limits).
 * @param now Unix milliseconds
 */
export function createMemoryLeases<Bucket>(rule: LeaseRule<Bucket>, now: () => number = Date.now): LeaseStore {
  const buckets = new Map<string, Bucket>();
  return {
    async lease(key, limit, ask) {
      const { bucket, grant } = rule(buckets.get(key), limit, ask, now());
      if (!buckets.has(key) && buckets.size >= maxBuckets) buckets.delete(buckets.keys().next().value as string);
      buckets.set(key, bucket);
      return grant;
    },
  };
}

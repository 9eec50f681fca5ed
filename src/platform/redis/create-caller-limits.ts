import { coreKeyPrefix } from '../../contracts/cache-access';
import type { Limit } from '../../contracts/limits';
import { awsCredentials, elastiCacheToken } from '../aws/iam-tokens';
import type { CredentialSource } from '../aws/presigned-query';
import type { LimitCaller } from '../http/require-allowed';
import { createMemoryLeases, type LeaseRule } from './create-memory-leases';
import { createRateLimiter } from './create-rate-limiter';
import { createRedis } from './create-redis';
import { createRedisLeases } from './create-redis-leases';

export type LimitsEnv = { readonly KOLATE_REDIS_URL?: string; readonly KOLATE_REDIS_IAM?: string };

export type CallerLimitsOptions<Bucket> = {
  /** Of the process, shown by the server. */
  readonly name: string;
  /** Whose limit a call counts against: `limitOf` of domain/limits. */
  readonly limitOf: (...call: Parameters<LimitCaller>) => { readonly key: string; readonly limit: Limit } | undefined;
  /** `leaseFrom` of domain/limits, for the time without Redis. */
  readonly rule: LeaseRule<Bucket>;
  readonly credentials?: () => CredentialSource;
};

export type CallerLimits = { readonly limitCaller: LimitCaller; readonly close: () => Promise<void> };

/**
 * The limits of callers, kept by the service itself and shared by all tasks of all services, for where no gateway in front
 * knows tenants. Absent where the environment names no Redis.
 */
export function createCallerLimits<Bucket>(
  env: LimitsEnv,
  { name, limitOf, rule, credentials = awsCredentials }: CallerLimitsOptions<Bucket>,
): CallerLimits | undefined {
  const url = env.KOLATE_REDIS_URL;
  if (url === undefined) return undefined;
  const passwordToken = tokensOf(env, url, credentials);
  const redis = createRedis('core', { url, name, keyPrefix: coreKeyPrefix, passwordToken });
  const limiter = createRateLimiter({ leases: createRedisLeases(redis), fallback: createMemoryLeases(rule) });
  return {
    limitCaller: (identity, throttle) => {
      const counted = limitOf(identity, throttle);
      return counted && limiter.take(counted.key, counted.limit);
    },
    close: redis.close,
  };
}

function tokensOf({ KOLATE_REDIS_IAM }: LimitsEnv, url: string, credentials: () => CredentialSource) {
  const [region, replicationGroupId] = KOLATE_REDIS_IAM?.split('/') ?? [];
  if (region === undefined || replicationGroupId === undefined) return undefined;
  const user = decodeURIComponent(new URL(url).username);
  const source = credentials();
  return () => elastiCacheToken({ replicationGroupId, region, user }, { credentials: source });
}

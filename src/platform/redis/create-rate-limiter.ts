import type { LeaseGrant, Limit } from '../../contracts/limits';
import { createLeaseFailover } from './create-lease-failover';
import type { LeaseStore } from './create-redis-leases';

export type Decision = {
  readonly allowed: boolean;
  /** Why not. */
  readonly code?: 'KLT_RATE_LIMITED' | 'KLT_QUOTA_EXHAUSTED';
  /** When the next call may succeed; 0 when allowed. */
  readonly retryAfterSeconds: number;
  /** What `remaining` is a part of: the burst, or the daily quota once that is used up. */
  readonly limit: number;
  readonly remaining: number;
  /** Until `remaining` is `limit` again. */
  readonly resetSeconds: number;
};

export type RateLimiterOptions = {
  /** Shared by all processes. */
  readonly leases: LeaseStore;
  /** Of this process alone, for the time without Redis. */
  readonly fallback: LeaseStore;
  /** Tokens of a first lease; see `leaseFor`. Default 20. */
  readonly leaseSize?: number;
  /** Tokens not spent by then go back with the next lease. Default 500 ms. */
  readonly leaseTtlMs?: number;
  /** How long the fallback may stand in. Default 30 s. */
  readonly maxFallbackMs?: number;
  /** Monotonic milliseconds. */
  readonly now?: () => number;
};

type Account = {
  tokens: number;
  /** Which store they came from: they go back to no other. */
  from: LeaseStore | undefined;
  leasedAt: number;
  leaseSize: number;
  day: number;
  /** Nothing to be had before. */
  deniedUntil: number;
  last: LeaseGrant | undefined;
  renewal: Promise<void> | undefined;
  waiting: number;
};

const maxAccounts = 10_000;
const maxRounds = 8;

/**
 * Token buckets that all processes share, at one round trip for a lease of some tokens and none for each call. Beyond
 * rate × t + burst, a window can see what was leased before it began and not spent: at most a lease a process, and at
 * most rate × `leaseTtlMs` in all, which is 0.8 % of what a minute allows.
 *
 * While Redis is away each process goes on with a bucket of its own of the same size, for `maxFallbackMs` at most; the
 * day's count stands still meanwhile. After that calls fail with KLT_DEPENDENCY_UNAVAILABLE: a limit that nobody keeps
 * would be none.
 */
export function createRateLimiter(options: RateLimiterOptions) {
  const { leaseSize = 20, leaseTtlMs = 500, now = () => performance.now() } = options;
  const accounts = new Map<string, Account>();
  const { leases, fallback, maxFallbackMs = 30_000 } = options;
  const ask = createLeaseFailover({ leases, fallback, maxFallbackMs, now });

  const renew = (key: string, limit: Limit, account: Account): Promise<void> => {
    account.renewal ??= (async () => {
      const size = leaseFor(account, limit, leaseSize, leaseTtlMs, now());
      const back = account.tokens;
      account.tokens = 0;
      const want = Math.max(size, Math.min(account.waiting, limit.burst));
      const { from, grant } = await ask((store) =>
        store.lease(key, limit, { want, back: store === account.from ? back : 0, backDay: account.day }),
      );
      const at = now();
      account.tokens = grant.granted;
      account.from = from;
      account.leasedAt = at;
      account.leaseSize = size;
      account.day = grant.day;
      account.last = grant;
      // Less than asked for says that the bucket is empty: asking again soon would bring a token or two.
      if (grant.granted < want) account.deniedUntil = at + pauseAfter(grant, limit, size);
    })().finally(() => {
      account.renewal = undefined;
    });
    return account.renewal;
  };

  const decide = (limit: Limit, account: Account): Decision | undefined => {
    const at = now();
    if (account.tokens > 0 && at < account.leasedAt + leaseTtlMs) {
      account.tokens -= 1;
      return allowed(limit, account, at);
    }
    return at < account.deniedUntil ? denied(limit, account, at) : undefined;
  };

  const wait = async (key: string, limit: Limit, account: Account): Promise<Decision> => {
    account.waiting += 1;
    try {
      for (let round = 0; round < maxRounds; round += 1) {
        await renew(key, limit, account);
        const decision = decide(limit, account);
        if (decision) return decision;
      }
    } finally {
      account.waiting -= 1;
    }
    // Others were quicker every time: more wait here than the bucket holds.
    return denied(limit, account, now());
  };

  return {
    /**
     * Takes one token of `key`. Answered at once while a lease lasts, or while it is known that there is nothing.
     * @throws KolateError KLT_DEPENDENCY_UNAVAILABLE
     */
    take(key: string, limit: Limit): Decision | Promise<Decision> {
      const account = accounts.get(key) ?? open(accounts, key);
      return decide(limit, account) ?? wait(key, limit, account);
    },
  };
}

export type RateLimiter = ReturnType<typeof createRateLimiter>;

function open(accounts: Map<string, Account>, key: string): Account {
  // A Map keeps insertion order: the oldest goes first. What it has leased is lost to its tenant, not to the others.
  if (accounts.size >= maxAccounts) accounts.delete(accounts.keys().next().value as string);
  const account: Account = {
    tokens: 0,
    from: undefined,
    leasedAt: Number.NEGATIVE_INFINITY,
    leaseSize: 0,
    day: 0,
    deniedUntil: Number.NEGATIVE_INFINITY,
    last: undefined,
    renewal: undefined,
    waiting: 0,
  };
  accounts.set(key, account);
  return account;
}

/**
 * Tokens of the next lease, between the first size and a tenth of the burst: twice the last where that one was spent
 * in less than half its life, the first again where some of it was left. So a busy tenant costs Redis a few calls a
 * second whatever its rate.
 */
function leaseFor(account: Account, limit: Limit, first: number, ttlMs: number, at: number): number {
  const least = Math.min(first, Math.max(1, Math.floor(limit.burst / 5)));
  const most = Math.max(least, Math.floor(limit.burst / 10));
  if (account.leaseSize === 0 || account.tokens > 0) return least;
  const quick = at - account.leasedAt < ttlMs / 2;
  return Math.min(most, Math.max(least, quick ? account.leaseSize * 2 : account.leaseSize));
}

/** Long enough that the next lease is worth its round trip, and a second at most: a quota may be raised meanwhile. */
const pauseAfter = ({ waitMs }: LeaseGrant, { ratePerSecond }: Limit, leaseSize: number): number =>
  Math.min(1_000, Math.max(waitMs, ((leaseSize / 2) * 1_000) / ratePerSecond));

function allowed(limit: Limit, account: Account, at: number): Decision {
  const left = (account.last?.bucketLeft ?? 0) + ((at - account.leasedAt) * limit.ratePerSecond) / 1_000;
  const bucket = Math.min(limit.burst - 1, Math.floor(account.tokens + left));
  const quotaLeft = account.last?.quotaLeft;
  return {
    allowed: true,
    retryAfterSeconds: 0,
    limit: limit.burst,
    remaining: quotaLeft === undefined ? bucket : Math.min(bucket, quotaLeft + account.tokens),
    resetSeconds: Math.ceil((limit.burst - bucket) / limit.ratePerSecond),
  };
}

function denied(limit: Limit, account: Account, at: number): Decision {
  const exhausted = account.last?.quotaLeft === 0;
  const waitMs = Math.max(account.deniedUntil, (account.last?.waitMs ?? 0) + account.leasedAt) - at;
  const seconds = Math.max(1, Math.ceil(waitMs / 1_000));
  return {
    allowed: false,
    code: exhausted ? 'KLT_QUOTA_EXHAUSTED' : 'KLT_RATE_LIMITED',
    retryAfterSeconds: seconds,
    limit: exhausted ? (limit.dailyQuota ?? 0) : limit.burst,
    remaining: 0,
    resetSeconds: exhausted ? seconds : Math.ceil(limit.burst / limit.ratePerSecond),
  };
}

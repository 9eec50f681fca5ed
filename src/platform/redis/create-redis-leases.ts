import type { LeaseAsk, LeaseGrant, Limit } from '../../contracts/limits';
import { type CoreRedis, redisScript } from './create-redis';

/** Who hands out leases: Redis for all processes together, or a process for itself while Redis is away. */
export type LeaseStore = {
  /** @throws KolateError KLT_DEPENDENCY_UNAVAILABLE */
  lease(key: string, limit: Limit, ask: LeaseAsk): Promise<LeaseGrant>;
};

/**
 * `leaseFrom` of domain/limits in the server: bucket and daily quota in one round trip, one GET and one SET, the time
 * from the server. The four numbers of a bucket are packed as doubles. A bucket goes when nothing is lost with it: full
 * again and the day over. ARGV: rate a second, burst, daily quota (-1 for none), want, back, day of what comes back,
 * and for tests a time in Unix milliseconds.
 */
const script = redisScript(`
local rate, burst, quota = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local want, back, backDay = tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6])
local now = tonumber(ARGV[7])
if not now then
  local time = redis.call('TIME')
  now = time[1] * 1000 + time[2] / 1000
end
local day = math.floor(now / 86400000)
local tokens, at, used = burst, now, 0
local kept = redis.call('GET', KEYS[1])
if kept then
  local keptTokens, keptAt, keptDay, keptUsed = struct.unpack('dddd', kept)
  tokens = math.min(burst, keptTokens + math.max(0, now - keptAt) * rate / 1000 + back)
  at = math.max(now, keptAt)
  if keptDay == day then used = keptUsed end
  if backDay == day then used = math.max(0, used - back) end
end
local left = quota < 0 and math.huge or quota - used
local granted = math.max(0, math.min(want, math.floor(tokens), left))
tokens = tokens - granted
local untilTomorrow = math.ceil((day + 1) * 86400000 - now)
local ttl = math.ceil(burst * 1000 / rate)
if quota >= 0 and untilTomorrow > ttl then ttl = untilTomorrow end
redis.call('SET', KEYS[1], struct.pack('dddd', tokens, at, day, used + granted), 'PX', ttl)
local wait = 0
if granted < want then
  wait = left <= granted and untilTomorrow or math.ceil(math.max(0, 1 - tokens) * 1000 / rate)
end
return { granted, math.floor(tokens), quota < 0 and -1 or math.max(0, left - granted), wait, day }
`);

/** Leases from one bucket in Redis for each key, shared by every process. @param nowMs for tests: the time to go by */
export function createRedisLeases(redis: CoreRedis, nowMs?: () => number): LeaseStore {
  return {
    async lease(key, { ratePerSecond, burst, dailyQuota = -1 }, { want, back, backDay }) {
      const args = [ratePerSecond, burst, dailyQuota, want, back, backDay];
      const answer = await redis.run(script, [`limit:${key}`], nowMs ? [...args, nowMs()] : args);
      const [granted = 0, bucketLeft = 0, quotaLeft = 0, waitMs = 0, day = 0] = numbersOf(answer);
      return { granted, bucketLeft, quotaLeft: quotaLeft < 0 ? undefined : quotaLeft, waitMs, day };
    },
  };
}

const numbersOf = (answer: unknown): number[] => (Array.isArray(answer) ? answer.map(Number) : []);

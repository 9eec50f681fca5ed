import type { Redis } from 'ioredis';
import { KolateError } from '../../../../contracts/errors';
import { createRedisConnection, type RedisServer } from '../../../../platform/tenancy/redis-connection';
import { type LineBlobs, readLines, writeLines } from './line-blobs';

/** Text where the bytes are text, else base64. */
type Bytes = string | { readonly base64: string };
type Value =
  | { readonly type: 'string'; readonly value: Bytes }
  | { readonly type: 'list' | 'set'; readonly value: readonly Bytes[] }
  | { readonly type: 'hash'; readonly value: readonly (readonly [Bytes, Bytes])[] }
  /** Member and score; the score as text, since it may be infinite. */
  | { readonly type: 'zset'; readonly value: readonly (readonly [Bytes, string])[] };
type Line = Value & { readonly key: string; readonly ttlMs?: number };

const keysAtOnce = 500;

/**
 * Every key of one tenant, without its prefix, with what is left of its time. Needs the maintenance user, who may list keys.
 */
export function createRedisData(server: Omit<RedisServer, 'keyPrefix'>, keyPrefix: string) {
  const { use, close } = createRedisConnection({ ...server, keyPrefix: '' });

  async function* keys(): AsyncGenerator<string[]> {
    let cursor = '0';
    do {
      const [next, found] = await use((redis) => redis.scan(cursor, 'MATCH', `${keyPrefix}*`, 'COUNT', keysAtOnce));
      if (found.length > 0) yield found;
      cursor = next;
    } while (cursor !== '0');
  }
  const count = async (): Promise<number> => {
    // A scan may answer a key twice.
    const seen = new Set<string>();
    for await (const found of keys()) for (const key of found) seen.add(key);
    return seen.size;
  };
  const purge = async (): Promise<void> => {
    for await (const found of keys()) await use((redis) => redis.unlink(...found));
  };
  async function* lines(): AsyncGenerator<string[]> {
    const seen = new Set<string>();
    for await (const found of keys()) {
      const fresh = found.filter((key) => !seen.has(key));
      for (const key of fresh) seen.add(key);
      const read = await use((redis) => Promise.all(fresh.map((key) => readKey(redis, key, keyPrefix))));
      yield read.filter((line) => line !== undefined).map((line) => JSON.stringify(line));
    }
  }
  return {
    count,
    purge,
    exportTo: (blobs: LineBlobs, prefix: string): Promise<number> => writeLines(blobs, `${prefix}/keys`, lines()),
    /** In place of what is there. @returns how many keys there are afterwards */
    async importFrom(blobs: LineBlobs, prefix: string): Promise<number> {
      await purge();
      for await (const batch of readLines(blobs, `${prefix}/keys`)) {
        await use((redis) => Promise.all(batch.map((line) => writeKey(redis, JSON.parse(line), keyPrefix))));
      }
      return count();
    },
    close,
  };
}

async function readKey(redis: Redis, key: string, prefix: string): Promise<Line | undefined> {
  const [type, ttlMs] = await Promise.all([redis.type(key), redis.pttl(key)]);
  // It has expired since it was listed.
  if (type === 'none' || ttlMs === -2) return undefined;
  const value = await readValue(redis, key, type);
  return { key: key.slice(prefix.length), ...value, ...(ttlMs >= 0 ? { ttlMs } : {}) };
}

async function readValue(redis: Redis, key: string, type: string): Promise<Value> {
  switch (type) {
    case 'string':
      return { type, value: toBytes((await redis.getBuffer(key)) ?? Buffer.alloc(0)) };
    case 'list':
      return { type, value: (await redis.lrangeBuffer(key, 0, -1)).map(toBytes) };
    case 'set':
      return { type, value: (await redis.smembersBuffer(key)).map(toBytes) };
    case 'hash':
      return { type, value: (await pairs(redis, 'HGETALL', key)).map(([field, of]) => [toBytes(field), toBytes(of)]) };
    case 'zset':
      return {
        type,
        value: (await pairs(redis, 'ZRANGE', key, '0', '-1', 'WITHSCORES')).map(([member, score]) => [
          toBytes(member),
          score.toString(),
        ]),
      };
    default:
      throw new KolateError('KLT_INTERNAL', `a Redis key of type ${type} cannot be exported`);
  }
}

async function writeKey(redis: Redis, line: Line, prefix: string): Promise<void> {
  const key = prefix + line.key;
  switch (line.type) {
    case 'string':
      await redis.set(key, fromBytes(line.value));
      break;
    case 'list':
      await redis.rpush(key, ...line.value.map(fromBytes));
      break;
    case 'set':
      await redis.sadd(key, ...line.value.map(fromBytes));
      break;
    case 'hash':
      await redis.hset(key, ...line.value.flatMap(([field, of]) => [fromBytes(field), fromBytes(of)]));
      break;
    case 'zset':
      await redis.zadd(key, ...line.value.flatMap(([member, score]) => [score, fromBytes(member)]));
      break;
  }
  if (line.ttlMs !== undefined) await redis.pexpire(key, Math.max(1, line.ttlMs));
}

const fromBytes = (value: Bytes): string | Buffer =>
  typeof value === 'string' ? value : Buffer.from(value.base64, 'base64');

function toBytes(bytes: Buffer): Bytes {
  const text = bytes.toString('utf8');
  return Buffer.from(text).equals(bytes) ? text : { base64: bytes.toString('base64') };
}

/** What RESP2 answers as one flat list: `field, value, field, value …`. */
async function pairs(redis: Redis, command: string, ...args: string[]): Promise<[Buffer, Buffer][]> {
  const flat = (await redis.callBuffer(command, ...args)) as Buffer[];
  return flat.flatMap((first, index) => {
    const second = flat[index + 1];
    return index % 2 === 0 && second !== undefined ? [[first, second] satisfies [Buffer, Buffer]] : [];
  });
}

import type { Redis } from 'ioredis';
import { KolateError } from '../../../contracts/errors';

/** @throws KolateError KLT_DEPENDENCY_UNAVAILABLE when the engine does not answer; what it says itself is thrown as it is */
export async function withRedis(url: string, act: (redis: Redis) => Promise<void>): Promise<void> {
  // Loaded when a tenant is made: whoever only runs engines does not carry it.
  const { Redis } = await import('ioredis');
  const redis = new Redis(url, {
    lazyConnect: true,
    retryStrategy: null,
    connectTimeout: 5_000,
    commandTimeout: 10_000,
    disconnectTimeout: 200,
    // Would ask INFO, which tells of the whole server and is not allowed to tenants' users.
    enableReadyCheck: false,
    disableClientInfo: true,
  });
  let refused: unknown;
  redis.on('error', (error: unknown) => {
    refused = error;
  });
  try {
    await redis.connect();
    await act(redis);
  } catch (error) {
    // A refusal to sign in is told as an event, and then only that the connection is closed.
    const told = saidByServer(refused) ? refused : error;
    if (saidByServer(told)) throw told;
    throw new KolateError('KLT_DEPENDENCY_UNAVAILABLE', 'Redis does not answer', { cause: error });
  } finally {
    redis.disconnect();
  }
}

/** What the server itself says begins with a word in capitals; the rest is about the connection. */
const saidByServer = (error: unknown): boolean =>
  /^(?!LOADING|BUSY)[A-Z]{2,} /.test(error instanceof Error ? error.message : '');

export async function deleteKeys(redis: Redis, prefix: string): Promise<void> {
  let cursor = '0';
  do {
    const [next, keys] = await redis.scan(cursor, 'MATCH', `${prefix}*`, 'COUNT', 1_000);
    if (keys.length > 0) await redis.unlink(...keys);
    cursor = next;
  } while (cursor !== '0');
}

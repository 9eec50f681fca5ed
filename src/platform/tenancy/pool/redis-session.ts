import type { Redis } from 'ioredis';
import { KolateError } from '../../../contracts/errors';
import { withRedis } from '../../redis/with-redis';

/** @throws KolateError KLT_DEPENDENCY_UNAVAILABLE when the engine does not answer; what it says itself is thrown as it is */
export const withRedisSession = (url: string, act: (redis: Redis) => Promise<void>): Promise<void> =>
  withRedis({ url, disableClientInfo: true }, act, (error, told) => {
    const said = [told, error].find(saidByServer);
    return said ?? new KolateError('KLT_DEPENDENCY_UNAVAILABLE', 'Redis does not answer', { cause: error });
  });

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

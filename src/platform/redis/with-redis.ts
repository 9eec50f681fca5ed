import type { Redis, RedisOptions } from 'ioredis';

export type BriefConnection = RedisOptions & { readonly url?: string };

/**
 * Connects once, does `act`, and is gone; every wait has an end.
 * @param explain what to throw, of what was thrown and of what the connection told as an event: a refusal to sign in comes
 * as an event, and is then thrown as a connection that is closed
 */
export async function withRedis(
  { url, ...own }: BriefConnection,
  act: (redis: Redis) => Promise<void>,
  explain: (error: unknown, told: unknown) => unknown,
): Promise<void> {
  // Loaded when it is needed: whoever only runs engines does not carry it.
  const { Redis } = await import('ioredis');
  const options: RedisOptions = {
    ...own,
    lazyConnect: true,
    retryStrategy: null,
    connectTimeout: 5_000,
    commandTimeout: 10_000,
    disconnectTimeout: 200,
    // Would ask INFO, which tells of the whole server and is not allowed to tenants' users.
    enableReadyCheck: false,
  };
  const redis = url === undefined ? new Redis(options) : new Redis(url, options);
  let told: unknown;
  redis.on('error', (error: unknown) => {
    told = error;
  });
  try {
    await redis.connect();
    await act(redis);
  } catch (error) {
    throw explain(error, told);
  } finally {
    redis.disconnect();
  }
}

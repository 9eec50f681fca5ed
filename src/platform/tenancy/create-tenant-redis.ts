import { createRedisConnection, type RedisServer } from './redis-connection';

export type TenantRedis = ReturnType<typeof createTenantRedis>;

/** The key space of one tenant: every key is put behind its prefix, and the engine refuses any other. */
export function createTenantRedis(server: RedisServer) {
  const { use, close } = createRedisConnection(server);
  return {
    get: (key: string): Promise<string | null> => use((redis) => redis.get(key)),
    /** Without `ttlMs` it stays until it is deleted. */
    set: async (key: string, value: string, { ttlMs }: { ttlMs?: number } = {}): Promise<void> => {
      await use((redis) => (ttlMs === undefined ? redis.set(key, value) : redis.set(key, value, 'PX', ttlMs)));
    },
    /** @returns how many there were */
    delete: (...keys: string[]): Promise<number> => use((redis) => redis.del(...keys)),
    ping: async (): Promise<void> => {
      await use((redis) => redis.ping());
    },
    close,
  };
}

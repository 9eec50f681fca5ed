import { createHash } from 'node:crypto';
import type { Redis } from 'ioredis';
import { KolateError } from '../../src/contracts/errors';
import type { TenantNames } from './tenant-names';

type Passwords = { readonly redis: string; readonly redisMaintenance: string };

/** What lists names would show other tenants' too; scripts can hold everybody up; another database has no prefix. */
const forbidden = ['-@admin', '-@dangerous', '-@scripting', '-scan', '-randomkey', '-dbsize', '-select'];
const serving = ['+@all', ...forbidden];
/** For exports, imports and purges alone: may list keys, but touch no other than the tenant's. */
const maintaining = [
  '-@all',
  '+@read',
  '+@write',
  '+@connection',
  '+pexpire',
  '-@dangerous',
  '-@scripting',
  '-@blocking',
];

/** The two users of a tenant, who reach no key outside of its prefix, kept in the server's ACL file. */
export function ensureValkeyTenant(adminUrl: string, names: TenantNames, passwords: Passwords): Promise<void> {
  const keys = ['resetkeys', `~${names.keyPrefix}*`, 'resetchannels', `&${names.keyPrefix}*`];
  const setUser = (redis: Redis, user: string, password: string, commands: string[]) =>
    redis.call('ACL', 'SETUSER', user, 'reset', 'on', `#${sha256(password)}`, ...keys, ...commands);
  return withRedis(adminUrl, async (redis) => {
    await setUser(redis, names.user, passwords.redis, serving);
    await setUser(redis, names.maintenanceUser, passwords.redisMaintenance, maintaining);
    await redis.call('ACL', 'SAVE');
  });
}

/** With every key of the tenant; also when they are gone already. */
export function dropValkeyTenant(adminUrl: string, names: TenantNames): Promise<void> {
  return withRedis(adminUrl, async (redis) => {
    await redis.call('ACL', 'DELUSER', names.user, names.maintenanceUser);
    await redis.call('ACL', 'SAVE');
    let cursor = '0';
    do {
      const [next, keys] = await redis.scan(cursor, 'MATCH', `${names.keyPrefix}*`, 'COUNT', 1_000);
      if (keys.length > 0) await redis.unlink(...keys);
      cursor = next;
    } while (cursor !== '0');
  });
}

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

async function withRedis(url: string, act: (redis: Redis) => Promise<void>): Promise<void> {
  // Loaded when a tenant is made: whoever only runs engines does not carry it.
  const { Redis } = await import('ioredis');
  const redis = new Redis(url, {
    lazyConnect: true,
    retryStrategy: null,
    connectTimeout: 5_000,
    commandTimeout: 10_000,
    disconnectTimeout: 200,
  });
  redis.on('error', () => undefined);
  try {
    await redis.connect();
    await act(redis);
  } catch (error) {
    // What the server itself says begins with a word in capitals; the rest is about the connection.
    if (/^(?!LOADING|BUSY)[A-Z]{2,} /.test(error instanceof Error ? error.message : '')) throw error;
    throw new KolateError('KLT_DEPENDENCY_UNAVAILABLE', 'Redis does not answer', { cause: error });
  } finally {
    redis.disconnect();
  }
}

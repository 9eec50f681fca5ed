import { createHash } from 'node:crypto';
import { deleteKeys, withRedisSession } from './redis-session';
import type { AdminUrl, SharedStore } from './shared-store';
import type { TenantNames } from './tenant-names';

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

/** ACL rules of the two users of a tenant, who reach no key outside of its prefix; without passwords. */
export function accessOf({ user, maintenanceUser, keyPrefix }: TenantNames) {
  const keys = ['on', `~${keyPrefix}*`, 'resetchannels', `&${keyPrefix}*`];
  return {
    serving: { user, rules: [...keys, ...serving] },
    maintenance: { user: maintenanceUser, rules: [...keys, ...maintaining] },
  };
}

/** Users in a Valkey that takes ACL commands and keeps them in its ACL file. */
export function createValkeyTenants(adminUrl: AdminUrl): SharedStore {
  return {
    ensure: async (names, credentials) =>
      withRedisSession(await adminUrl(), async (redis) => {
        const set = ({ user, rules }: { user: string; rules: readonly string[] }, password: string) =>
          redis.call('ACL', 'SETUSER', user, 'reset', `#${sha256(password)}`, ...rules);
        const access = accessOf(names);
        await set(access.serving, credentials.redis);
        await set(access.maintenance, credentials.redisMaintenance);
        await redis.call('ACL', 'SAVE');
      }),
    drop: async ({ user, maintenanceUser, keyPrefix }) =>
      withRedisSession(await adminUrl(), async (redis) => {
        await redis.call('ACL', 'DELUSER', user, maintenanceUser);
        await redis.call('ACL', 'SAVE');
        await deleteKeys(redis, keyPrefix);
      }),
  };
}

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

import { Redis } from 'ioredis';
import { coreCacheAccess } from '../../../src/contracts/cache-access';
import type { Identity } from '../../../src/contracts/scopes';
import { limitOf } from '../../../src/domain/limits/limit-of';
import { leaseFrom } from '../../../src/domain/limits/token-bucket';
import { type CallerLimits, createCallerLimits } from '../../../src/platform/redis/create-caller-limits';
import { createRedis } from '../../../src/platform/redis/create-redis';
import { testRedis } from '../../helpers/engines';
import { until } from '../../helpers/until';

const user = `platform-${process.pid}`;
let admin: Redis;
let server: URL;

const allow = (password: string) =>
  admin.call('ACL', 'SETUSER', user, 'reset', `>${password}`, ...coreCacheAccess.split(' '));
const urlWith = (password: string): string => {
  const url = new URL(server);
  url.username = user;
  url.password = password;
  return url.href;
};
const tenant = (id: string): Identity => ({
  subject: 'ann',
  tenantId: id,
  tier: 'pool',
  scopes: new Set(),
  roles: [],
  expiresAt: 4_000_000_000,
});

const opened: CallerLimits[] = [];
function serviceNamed(name: string): CallerLimits {
  const limits = createCallerLimits({ KOLATE_REDIS_URL: urlWith('secret') }, { name, limitOf, rule: leaseFrom });
  if (!limits) throw new Error('there is a store');
  opened.push(limits);
  return limits;
}

beforeAll(async () => {
  server = new URL((await testRedis()).url);
  admin = new Redis(server.href, { maxRetriesPerRequest: 1 });
});
afterAll(async () => {
  await Promise.all(opened.map(({ close }) => close()));
  await admin.call('ACL', 'DELUSER', user).catch(() => undefined);
  admin.disconnect();
});

describe('limits that services keep', () => {
  it('are shared by all of them, with no more rights in the store than the platform has on AWS', async () => {
    await allow('secret');
    const services = ['predict', 'predict-registry'].map(serviceNamed);
    const id = `tenant-${process.pid}`;
    // The first calls of a process, before it has a connection, are counted by itself.
    const keys = await until(async () => {
      for (const { limitCaller } of services) {
        expect(await limitCaller(tenant(id), 'inference')).toMatchObject({ allowed: true, limit: 100 });
      }
      const found = await admin.keys(`*${id}*`);
      return found.length > 0 && found;
    });
    expect(keys).toEqual([`core:limit:${id}:inference`]);
    expect(services[0]?.limitCaller(tenant(id), 'none')).toBeUndefined();
  });

  it('are none of a service that has no store', () => {
    expect(createCallerLimits({}, { name: 'predict', limitOf, rule: leaseFrom })).toBeUndefined();
  });
});

describe('a password that ends', () => {
  it('is asked for before the first connection, again when it could not be had, and no more after the end', async () => {
    await allow('token-2');
    let asked = 0;
    const redis = createRedis('core', {
      url: urlWith(''),
      name: 'test',
      keyPrefix: 'core:',
      async passwordToken() {
        asked += 1;
        if (asked === 1) throw new Error('no credentials yet');
        return `token-${asked}`;
      },
    });
    await expect(redis.ping()).rejects.toMatchObject({ code: 'KLT_DEPENDENCY_UNAVAILABLE' });
    await until(() => redis.set('a', '1').then(() => true));
    expect(await redis.get('a')).toBe('1');
    await redis.delete('a');
    expect(asked).toBe(2);
    await redis.close();
  });
});

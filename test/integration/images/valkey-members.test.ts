import { randomInt } from 'node:crypto';
import { Redis } from 'ioredis';
import { createTenantRedis, type TenantRedis } from '../../../src/platform/tenancy/create-tenant-redis';
import { type EngineImage, imageTenantId, openImage } from '../../helpers/engine-image';
import { selfSigned } from '../../helpers/self-signed';
import { freePort } from '../../helpers/start-issuer';
import { until } from '../../helpers/until';

const secrets = { PASSWORD: 'the-apps', PASSWORD_CLONE: 'the-clones' };
const maintenance = { MAINTENANCE_PASSWORD: 'for-exports', MAINTENANCE_PASSWORD_CLONE: 'for-exports-too' };
const prefix = `t:${imageTenantId}:`;
const tls = selfSigned();
const trust = { ca: tls.certificate, servername: 'localhost' };
// As hosts have it: the same ports, each at an address of its own.
const network = `127.${randomInt(1, 255)}.${randomInt(255)}`;
const hosts = [1, 2, 3].map((member) => `${network}.${member}`);

let port: number;
let sentinelPort: number;
let images: EngineImage[];
let redis: TenantRedis;
let primary: string;

const start = (host: string): Promise<void> => {
  const member = hosts.indexOf(host) + 1;
  const place = { MEMBERS: hosts.join(), MEMBER: String(member), LISTEN: host };
  const ports = { PORT: String(port), SENTINEL_PORT: String(sentinelPort) };
  return imageOf(host).start({ ...secrets, ...maintenance, ...place, ...ports });
};
const imageOf = (host: string): EngineImage => images[hosts.indexOf(host)] as EngineImage;

const clientOf = (place: { host: string; members?: string[] }, tlsOf = { ca: tls.certificate }): TenantRedis =>
  createTenantRedis({
    ...{ ...place, port, sentinelPort, user: 'app', name: 'test', keyPrefix: prefix },
    tls: tlsOf,
    password: { current: async () => secrets.PASSWORD, renew: async () => undefined },
  });

beforeAll(async () => {
  [port, sentinelPort] = [await freePort(), await freePort()];
  images = await Promise.all(hosts.map(() => openImage('valkey', tls)));
  await Promise.all(hosts.map(start));
  redis = clientOf({ host: 'localhost', members: hosts });
}, 60_000);
afterAll(async () => {
  await redis?.close();
  await Promise.all((images ?? []).map((image) => image.stop()));
});

async function asking<T>(host: string, act: (client: Redis) => Promise<T>, change: object = {}): Promise<T> {
  const options = { host, port, tls: trust, username: 'app', password: secrets.PASSWORD, connectTimeout: 2_000 };
  const more = { commandTimeout: 3_000, enableReadyCheck: false, retryStrategy: null, lazyConnect: true };
  const client = new Redis({ ...options, ...more, ...change });
  client.on('error', () => undefined);
  try {
    await client.connect();
    return await act(client);
  } finally {
    client.disconnect();
  }
}

const anybody = () => ({ port: sentinelPort, username: undefined, password: undefined });
/** As the Sentinel at `host` tells everybody who asks. */
const primaryBy = (host: string): Promise<string> =>
  asking(
    host,
    async (client) => String(((await client.call('SENTINEL', 'get-master-addr-by-name', 'tenant')) as string[])[0]),
    anybody(),
  );
/** A Sentinel hears of the copies by the primary, which it asks every ten seconds. */
const knowsCopies = (host: string) =>
  until(() =>
    asking(
      host,
      async (client) => ((await client.call('SENTINEL', 'replicas', 'tenant')) as unknown[]).length === 2,
      anybody(),
    ),
  );
/** As soon as there is somebody who takes it. */
const write = (key: string, value: string) =>
  until(
    () => redis.set(key, value).then(() => true),
    30_000,
    () => images.map(({ said }) => said.slice(-30)),
  );
/** All that is there at `host`, once it has been copied. */
const copiedTo = (host: string, key: string, value: string) =>
  until(() => asking(host, async (client) => (await client.get(prefix + key)) === value), 30_000);

describe('three members of Valkey', () => {
  it('have one primary, which all of them tell, and copies that take no writes', async () => {
    await write('first', 'written');
    const primaries = await Promise.all(hosts.map(primaryBy));
    expect(new Set(primaries).size).toBe(1);
    primary = primaries[0] ?? '';
    for (const host of hosts.filter((each) => each !== primaries[0])) {
      await copiedTo(host, 'first', 'written');
      await expect(asking(host, (client) => client.set(`${prefix}x`, 'x'))).rejects.toThrow('READONLY');
    }
  });

  it('say of a copy that it is to be tried again, since it may be asked while the primary changes', async () => {
    const copy = hosts.find((host) => host !== primary) ?? '';
    const client = clientOf({ host: copy }, trust);
    await expect(client.set('x', 'x')).rejects.toMatchObject({
      code: 'KLT_DEPENDENCY_UNAVAILABLE',
      detail: expect.stringContaining('primary'),
    });
    await client.close();
  });

  it('let nobody change who is the primary, nor in without TLS', async () => {
    const [host = ''] = hosts;
    await expect(asking(host, (client) => client.call('SENTINEL', 'failover', 'tenant'), anybody())).rejects.toThrow(
      'NOPERM',
    );
    const quorum = (client: Redis) => client.call('SENTINEL', 'set', 'tenant', 'quorum', '1');
    await expect(asking(host, quorum, anybody())).rejects.toThrow('NOPERM');
    await expect(asking(host, (client) => client.replicaof('NO', 'ONE'))).rejects.toThrow('NOPERM');
    await expect(asking(host, (client) => client.ping(), { ...anybody(), tls: undefined })).rejects.toThrow();
  });

  it('keep what a copy has confirmed when the primary is killed, and the client goes on with the new one', async () => {
    const [host = ''] = hosts;
    await Promise.all(hosts.map(knowsCopies));
    const before = await primaryBy(host);
    const confirmed = await asking(before, async (client) => {
      const keys: string[] = [];
      for (let n = 0; n < 200; n += 1) {
        await client.set(`${prefix}n${n}`, String(n));
        if ((await client.wait(1, 1_000)) >= 1) keys.push(`n${n}`);
      }
      return keys;
    });
    expect(confirmed.length).toBeGreaterThan(150);
    expect(await redis.get('n0')).toBe('0');
    await imageOf(before).kill();

    await write('after', 'the kill');
    for (const key of confirmed) expect(await redis.get(key)).toBe(key.slice(1));
    const other = hosts.find((each) => each !== before) ?? '';
    const now = await primaryBy(other);
    expect(hosts.filter((each) => each !== before)).toContain(now);

    await start(before);
    await copiedTo(before, 'after', 'the kill');
    await expect(asking(before, (client) => client.set(`${prefix}x`, 'x'))).rejects.toThrow('READONLY');
    await until(async () => (await primaryBy(before)) === now);
    await redis.set('last', 'of all');
    await copiedTo(before, 'last', 'of all');
  }, 120_000);

  it('come back with what the last primary had when all were gone, the first of them for longer', async () => {
    const [first = '', ...others] = hosts;
    await Promise.all(hosts.map(knowsCopies));
    await imageOf(first).kill();
    await write('meanwhile', 'changed');
    for (const host of others) await copiedTo(host, 'meanwhile', 'changed');
    await Promise.all(images.map((image) => image.kill()));

    await Promise.all(hosts.map(start));
    for (const host of hosts) await copiedTo(host, 'meanwhile', 'changed');
    await write('again', 'there');
    for (const host of hosts) await copiedTo(host, 'again', 'there');
  }, 120_000);

  it('write no password to their logs', () => {
    const said = images.flatMap((image) => image.said).join('');
    for (const password of Object.values({ ...secrets, ...maintenance })) expect(said).not.toContain(password);
  });
});

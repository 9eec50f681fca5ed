import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { trustCertificates } from '../../../src/platform/config/trust-certificates';
import { createPostgres } from '../../../src/platform/postgres/create-postgres';
import { createRedis } from '../../../src/platform/redis/create-redis';
import { createFakeSecrets } from '../../../src/platform/secrets/secret-store.fake';
import { closeHandles, openHandles } from '../../../src/platform/tenancy/open-handles';
import type { Placement } from '../../../src/platform/tenancy/placement';
import { testPostgres, testRedis } from '../../helpers/engines';
import { type Placed, placeTenant } from '../../helpers/placed-tenant';
import { selfSigned } from '../../helpers/self-signed';
import { startStackAgent } from '../../helpers/stack-agent';
import { type TlsFront, tlsFront } from '../../helpers/tls-front';
import { until } from '../../helpers/until';

const trusted = getCACertificates('default');
const authority = selfSigned();
const secrets = createFakeSecrets();
const folder = mkdtempSync(join(tmpdir(), 'kolate-test-tls-'));
const caFile = join(folder, 'ca.pem');
const fronts: TlsFront[] = [];
let agent: Awaited<ReturnType<typeof startStackAgent>>;
let tenant: Placed;

beforeAll(async () => {
  writeFileSync(caFile, authority.certificate);
  agent = await startStackAgent();
  tenant = await placeTenant(agent.driver, secrets, 'pool');
});
afterEach(() => setDefaultCACertificates(trusted));
afterAll(async () => {
  for (const front of fronts) await front.close();
  await agent.close();
  rmSync(folder, { recursive: true });
});

async function front(...options: Parameters<typeof tlsFront>) {
  const made = await tlsFront(...options);
  fronts.push(made);
  return { host: made.host, port: made.port };
}

/** The tenant's stores behind TLS. */
async function overTls({ placement }: Placed): Promise<Placement> {
  const { postgres, mongo, redis } = placement.endpoints;
  return {
    ...placement,
    endpoints: {
      tls: true,
      postgres: { ...postgres, ...(await front(postgres, authority, 'postgres')) },
      mongo: { ...mongo, ...(await front(mongo, authority)) },
      redis: { ...redis, ...(await front(redis, authority)) },
    },
  };
}

describe('a tenant whose stores are spoken to over TLS', () => {
  it('has them all, once the authority of their certificates is trusted', async () => {
    trustCertificates(caFile);
    const handles = openHandles(await overTls(tenant), { secrets, name: 'test' });
    await handles.sql.ping();
    await handles.mongo.collection('events').insertOne({ n: 1 });
    await handles.redis.set('key', 'value');
    expect(await handles.redis.get('key')).toBe('value');
    await closeHandles(handles);
  });

  it('has none of them while their certificates could be anybody’s', async () => {
    const handles = openHandles(await overTls(tenant), { secrets, name: 'test' });
    await expect(handles.sql.ping()).rejects.toMatchObject({ code: 'DEPTH_ZERO_SELF_SIGNED_CERT' });
    await expect(handles.mongo.collection('events').insertOne({ n: 1 })).rejects.toMatchObject({
      code: 'KLT_DEPENDENCY_UNAVAILABLE',
    });
    await expect(handles.redis.ping()).rejects.toMatchObject({ code: 'KLT_DEPENDENCY_UNAVAILABLE' });
    await closeHandles(handles);
  });
});

describe('core stores over TLS', () => {
  it('take a password that is asked for each connection', async () => {
    trustCertificates(caFile);
    const admin = new URL((await testPostgres()).adminUrl);
    const { host, port } = await front({ host: admin.hostname, port: Number(admin.port) }, authority, 'postgres');
    let asked = 0;
    const password = {
      current: async () => {
        asked += 1;
        return decodeURIComponent(admin.password);
      },
      renew: async () => undefined,
    };
    const url = `postgresql://${admin.username}@${host}:${port}/postgres`;
    const postgres = createPostgres('core', { url, tls: true, password, name: 'test', maxConnections: 2 });
    await Promise.all([postgres.ping(), postgres.ping()]);
    expect(asked).toBe(2);
    await postgres.close();
  });

  it('take a rediss URL with the user and password of an ACL', async () => {
    trustCertificates(caFile);
    const url = new URL((await testRedis()).url);
    const { host, port } = await front({ host: url.hostname, port: Number(url.port) }, authority);
    const redis = createRedis('core', {
      url: `rediss://${url.username}:${url.password}@${host}:${port}`,
      name: 'test',
    });
    await until(() => redis.ping().then(() => true));
    await redis.close();
  });
});

describe('authorities', () => {
  it('are wanted where a file of them is named', () => {
    writeFileSync(join(folder, 'empty.pem'), 'nothing');
    for (const file of ['empty.pem', 'absent.pem']) {
      expect(() => trustCertificates(join(folder, file))).toThrow(/holds no certificates/);
    }
  });
});

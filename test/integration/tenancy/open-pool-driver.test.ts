import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { trustCertificates } from '../../../src/platform/config/trust-certificates';
import { createElastiCacheClient } from '../../../src/platform/tenancy/pool/elasticache-client';
import type { TenantStackDriver } from '../../../src/platform/tenancy/tenant-stack-driver';
import { openPoolDriver } from '../../../src/services/enterprise-info/provisioning/open-pool-driver';
import { testSharedEngines } from '../../helpers/engines';
import { aws } from '../../helpers/ministack';
import { startSecretsManagerEndpoint } from '../../helpers/secrets-manager-endpoint';
import { selfSigned } from '../../helpers/self-signed';
import { newStackSpec } from '../../helpers/stack-driver-contract';
import { type TlsFront, tlsFront } from '../../helpers/tls-front';

const trusted = getCACertificates('default');
const authority = selfSigned();
const folder = mkdtempSync(join(tmpdir(), 'kolate-test-pool-'));
const secretName = 'admin-of-the-test';
let manager: Awaited<ReturnType<typeof startSecretsManagerEndpoint>>;
let secrets: SecretsManagerClient;
let front: TlsFront;
let driver: TenantStackDriver;
let password: string;

beforeAll(async () => {
  writeFileSync(join(folder, 'ca.pem'), authority.certificate);
  const { postgres } = await testSharedEngines();
  front = await tlsFront(postgres, authority, 'postgres');
  manager = await startSecretsManagerEndpoint();
  secrets = new SecretsManagerClient({ ...aws, endpoint: manager.url });
  const url = new URL(postgres.url);
  password = decodeURIComponent(url.password);
  // As RDS keeps it: who and by which password, and nothing of where.
  manager.secrets.set(secretName, JSON.stringify({ username: url.username, password }));
  driver = openPoolDriver(
    {
      KOLATE_ENV: 'test',
      KOLATE_POOL_POSTGRES: `postgresql://${front.host}:${front.port}/postgres`,
      KOLATE_POOL_POSTGRES_SECRET: secretName,
      KOLATE_POOL_DOCUMENTS: 'mongodb://localhost:9',
      KOLATE_POOL_DOCUMENTS_SECRET: secretName,
      KOLATE_POOL_CACHE: 'rediss://localhost:9',
      KOLATE_POOL_CACHE_GROUP: 'users',
    },
    { secrets, cache: createElastiCacheClient({ ...aws, endpoint: 'http://127.0.0.1:9', maxAttempts: 1 }) },
  );
});
afterEach(() => setDefaultCACertificates(trusted));
afterAll(async () => {
  secrets.destroy();
  await front.close();
  await manager.close();
  rmSync(folder, { recursive: true });
});

describe('the pool as the environment of AWS names it', () => {
  it('asks the store for the administrator’s password each time, and comes in over TLS', async () => {
    trustCertificates(join(folder, 'ca.pem'));
    expect(await driver.describe(`tenant-${randomUUID()}-pool`)).toBeUndefined();
    expect(await driver.describe(`tenant-${randomUUID()}-pool`)).toBeUndefined();
    expect(manager.callsOf('GetSecretValue')).toBe(2);
  });

  it('comes into no server that is not known', async () => {
    await expect(driver.describe('tenant-x')).rejects.toMatchObject({ code: 'DEPTH_ZERO_SELF_SIGNED_CERT' });
  });

  it('says which engine does not answer, and leaves nothing when it is told so', async () => {
    trustCertificates(join(folder, 'ca.pem'));
    const spec = newStackSpec('pool');
    await expect(driver.apply(spec)).rejects.toMatchObject({ code: 'KLT_DEPENDENCY_UNAVAILABLE' });
    expect(await driver.describe(spec.name)).toBeUndefined();
  });

  it('says that the store of secrets does not answer, without what is in it', async () => {
    manager.secrets.set(secretName, 'not what RDS keeps');
    const refused = driver.describe('tenant-x');
    await expect(refused).rejects.toMatchObject({ code: 'KLT_CONFIG_INVALID' });
    await expect(refused).rejects.not.toThrow('not what RDS keeps');
    manager.secrets.delete(secretName);
    await expect(driver.describe('tenant-x')).rejects.toMatchObject({ code: 'KLT_DEPENDENCY_UNAVAILABLE' });
  });
});

import { createHash, randomUUID } from 'node:crypto';
import type { FastifyInstance } from 'fastify';
import { Registry } from 'prom-client';
import { KolateError } from '../../src/contracts/errors';
import type { ModelVersion, UploadGrant } from '../../src/contracts/http/models';
import { type Identity, tenantScopes } from '../../src/contracts/scopes';
import { allTopics } from '../../src/contracts/topics';
import { createLister } from '../../src/platform/http/list-query';
import type { Kafka } from '../../src/platform/kafka/create-kafka';
import type { Postgres } from '../../src/platform/postgres/create-postgres';
import { createBlobStore } from '../../src/platform/storage/create-blob-store';
import { createShards } from '../../src/platform/tenancy/shards';
import { createTenantWork, type TenantWorkOptions } from '../../src/services/predict/registry/tenant-work';
import { createRegistryApp } from '../../src/services/predict/registry-app';
import { createModelValidator } from '../../src/services/predict/validation/validate-model';
import { testS3 } from './engines';
import { createTestLog, kafkaForTest, quickBackoff } from './messaging';
import { buildPredictPrograms } from './predict-programs';
import { tenantDatabase } from './tenant-database';
import { until } from './until';

export type TestTenant = { readonly id: string; readonly postgres: Postgres<'tenant'> };
export type RegistryFixture = Awaited<ReturnType<typeof startRegistry>>;

/** A token of tests names its tenant; `reader:<tenant>` may only read. */
export const verifyTestToken = (token: string): Identity => {
  const [, reader, tenantId] = /^(reader:)?(.+)$/.exec(token) ?? [];
  return {
    subject: `client-of-${tenantId}`,
    tenantId,
    tier: 'pool',
    scopes: new Set(reader ? ['models:read'] : tenantScopes),
    roles: ['tenant-admin'],
    expiresAt: Date.now() / 1_000 + 3_600,
  };
};

/** The registry on real engines, with as many tenants as asked for, each with a database of its own. */
export async function startRegistry(tenantCount = 1, options: Partial<TenantWorkOptions> = {}) {
  const { log, lines } = createTestLog();
  const databases = await Promise.all(Array.from({ length: tenantCount }, () => tenantDatabase()));
  const tenants: TestTenant[] = databases.map(({ postgres }) => ({ id: randomUUID(), postgres }));
  const s3 = await testS3();
  const blobs = createBlobStore({ bucket: await s3.createBucket(), ...s3, credentials: s3 });
  const kafka: Kafka = await kafkaForTest(log);
  await kafka.ensureTopics(allTopics());
  const suspended = new Set<string>();
  const openDatabase = async (tenantId: string): Promise<Postgres<'tenant'>> => {
    const tenant = tenants.find(({ id }) => id === tenantId);
    if (suspended.has(tenantId)) throw new KolateError('KLT_TENANT_INACTIVE', 'the tenant is suspended');
    if (!tenant) throw new KolateError('KLT_TENANT_NOT_FOUND', 'there is no such tenant');
    return tenant.postgres;
  };
  const openShards = async (tenantId: string) => createShards([await openDatabase(tenantId)]);
  const startWork = () =>
    createTenantWork({
      openDatabase,
      blobs,
      producer: kafka.producer(),
      validate: createModelValidator({ programPath: buildPredictPrograms().modelProcess, deadlineMs: 20_000 }),
      validations: 2,
      backoff: quickBackoff,
      log,
      ...options,
    });
  let work = startWork();
  const app = createRegistryApp({
    log,
    verifyToken: verifyTestToken,
    probes: [],
    metrics: new Registry(),
    openDatabase,
    openShards,
    blobs,
    lister: createLister(['key-of-cursors-in-tests-of-32-chars']),
    newId: randomUUID,
    onCommit: (tenantId) => work.poke(tenantId),
  });
  await app.ready();
  return {
    app,
    blobs,
    kafka,
    log,
    lines,
    tenants,
    tenant: tenants[0] as TestTenant,
    /** Tenants whose stores are not handed out. */
    suspended,
    openDatabase,
    openShards,
    /** The background work as after a restart. */
    async restartWork(): Promise<void> {
      await work.close();
      work = startWork();
    },
    stopWork: () => work.close(),
    poke: (tenantId: string) => work.poke(tenantId),
    async close(): Promise<void> {
      await app.close();
      await work.close();
      await kafka.close();
      blobs.close();
      for (const database of databases) await database.drop();
    },
  };
}

type Answer = { status: number; body: never; headers: Record<string, unknown> };

/** Asks as the tenant. */
export async function ask(
  app: FastifyInstance,
  token: string,
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE',
  url: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<Answer> {
  const response = await app.inject({
    method,
    url,
    headers: {
      authorization: `Bearer ${token}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    payload: body === undefined ? undefined : JSON.stringify(body),
  });
  const text = response.body;
  return {
    status: response.statusCode,
    body: (text === '' ? undefined : JSON.parse(text)) as never,
    headers: response.headers,
  };
}

export const sha256Of = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

export type Pushed = { readonly version: string; readonly state: string };

/** Announces a version, uploads `bytes` to the URL that it answered, and completes; does not wait for the validation. */
export async function upload(
  app: FastifyInstance,
  token: string,
  model: string,
  bytes: Uint8Array,
  version?: string,
): Promise<UploadGrant> {
  const announced = await ask(app, token, 'POST', `/v1/models/${model}/versions`, {
    ...(version === undefined ? {} : { version }),
    sha256: sha256Of(bytes),
    sizeBytes: bytes.byteLength,
  });
  if (announced.status !== 201) throw new Error(`announced: ${JSON.stringify(announced)}`);
  const grant: UploadGrant = announced.body;
  const put = await fetch(grant.upload.url, { method: 'PUT', headers: grant.upload.headers, body: Buffer.from(bytes) });
  if (put.status !== 200) throw new Error(`uploaded: ${put.status} ${await put.text()}`);
  const completed = await ask(app, token, 'POST', `/v1/models/${model}/versions/${grant.version}/complete`);
  if (completed.status !== 202) throw new Error(`completed: ${JSON.stringify(completed)}`);
  return grant;
}

/** The version once it is ready or rejected. */
export function judged(
  app: FastifyInstance,
  token: string,
  model: string,
  version: string,
  timeoutMs = 30_000,
): Promise<ModelVersion> {
  return until(async () => {
    const { body } = await ask(app, token, 'GET', `/v1/models/${model}/versions/${version}`);
    const shown: ModelVersion = body;
    return shown.state === 'ready' || shown.state === 'rejected' ? shown : undefined;
  }, timeoutMs);
}

/** Uploads and waits for the verdict. */
export async function push(
  app: FastifyInstance,
  token: string,
  model: string,
  bytes: Uint8Array,
  version?: string,
): Promise<ModelVersion> {
  const grant = await upload(app, token, model, bytes, version);
  return judged(app, token, model, grant.version);
}

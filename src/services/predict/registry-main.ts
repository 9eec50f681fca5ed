import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { Registry } from 'prom-client';
import { PredictRegistryEnv } from '../../contracts/env/predict-env';
import { jitteredBackoff } from '../../domain/backoff';
import { limitOf } from '../../domain/limits/limit-of';
import { leaseFrom } from '../../domain/limits/token-bucket';
import { readEnv } from '../../platform/config/read-env';
import { trustCertificates } from '../../platform/config/trust-certificates';
import { readCursorKeys } from '../../platform/http/cursor-keys';
import { createLister } from '../../platform/http/list-query';
import { createIssuerVerifier } from '../../platform/identity/create-issuer-verifier';
import { createKafka } from '../../platform/kafka/create-kafka';
import { resolveBrokers } from '../../platform/kafka/resolve-brokers';
import { runUntilSignal } from '../../platform/lifecycle/run-until-signal';
import { createLogger } from '../../platform/logging/create-logger';
import { createPostgres } from '../../platform/postgres/create-postgres';
import { postgresAccess } from '../../platform/postgres/postgres-access';
import { createCallerLimits } from '../../platform/redis/create-caller-limits';
import { createSecrets } from '../../platform/secrets/create-secrets';
import { createBlobStore } from '../../platform/storage/create-blob-store';
import { createTracer } from '../../platform/telemetry/create-tracer';
import { publishMetrics } from '../../platform/telemetry/publish-metrics';
import { createTenancy } from '../../platform/tenancy/create-tenancy';
import { runPredictionConsumer } from './predictions/run-prediction-consumer';
import { followTenants, pokeAllTenants } from './registry/follow-tenants';
import { createTenantWork } from './registry/tenant-work';
import { createRegistryApp } from './registry-app';
import { createModelValidator } from './validation/validate-model';

/** Each holds a file of up to 100 MiB in memory, and a processor. */
const validationsAtOnce = 2;

async function main(): Promise<void> {
  const env = readEnv(PredictRegistryEnv, process.env);
  trustCertificates(env.KOLATE_POSTGRES_CA);
  const log = createLogger('predict-registry', env.KOLATE_LOG_LEVEL);
  const backoff = jitteredBackoff({ baseMs: 100, maxMs: 10_000 }, Math.random);
  const metrics = new Registry();
  const core = createPostgres('core', { ...postgresAccess(env), name: 'predict-registry', maxConnections: 4 });
  const secrets = createSecrets(env.KOLATE_SECRETS, env.KOLATE_S3_REGION);
  const tenancy = createTenancy({ core, secrets, name: 'predict-registry' });
  const openDatabase = async (tenantId: string) => (await tenancy.open(tenantId)).sql;
  const openShards = async (tenantId: string) => (await tenancy.open(tenantId)).shards;
  const blobs = createBlobStore({
    bucket: env.KOLATE_MODELS_BUCKET,
    region: env.KOLATE_S3_REGION,
    endpoint: env.KOLATE_S3_ENDPOINT,
  });
  const tracer = await createTracer({ service: 'predict-registry', log, registry: metrics, env });
  const kafka = createKafka({ ...(await resolveBrokers(env)), clientId: 'predict-registry', log, backoff, tracer });
  const work = createTenantWork({
    openDatabase,
    blobs,
    producer: kafka.producer(),
    validate: createModelValidator({ programPath: join(__dirname, 'inference/model-process.js') }),
    validations: validationsAtOnce,
    backoff,
    log,
  });
  const limits = createCallerLimits(env, { name: 'predict-registry', limitOf, rule: leaseFrom });
  const app = createRegistryApp({
    log,
    metrics,
    tracer,
    limitCaller: limits?.limitCaller,
    verifyToken: createIssuerVerifier({ issuer: env.KOLATE_ISSUER_URL }),
    probes: [
      { name: 'postgres', check: core.ping },
      { name: 'kafka', check: kafka.ping },
      { name: 's3', check: blobs.ping },
    ],
    openDatabase,
    openShards,
    blobs,
    lister: createLister(readCursorKeys(env.KOLATE_CURSOR_KEYS)),
    newId: randomUUID,
    onCommit: work.poke,
  });
  const publishing = publishMetrics({
    ...{ registry: metrics, log, service: 'predict-registry', namespace: env.KOLATE_METRICS_NAMESPACE },
  });
  // A minute at most between two tries, since the tenant's database may be down for long.
  const recordBackoff = jitteredBackoff({ baseMs: 1_000, maxMs: 60_000 }, Math.random);
  await runUntilSignal({
    log,
    async start() {
      await followTenants({ kafka, tenancy, work });
      await pokeAllTenants(core.sql, work);
      await runPredictionConsumer({ kafka, openShards, metrics, log, backoff: recordBackoff });
      await app.listen({ host: env.KOLATE_HOST, port: env.KOLATE_PORT });
    },
    stop: [
      () => app.close(),
      work.close,
      kafka.close,
      publishing.close,
      () => tracer?.close(),
      tenancy.close,
      core.close,
      blobs.close,
      () => limits?.close(),
    ],
    deadlineMs: env.KOLATE_DRAIN_TIMEOUT_MS,
  });
}

void main();

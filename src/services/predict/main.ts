import { join } from 'node:path';
import { Registry } from 'prom-client';
import { PredictEnv } from '../../contracts/env/predict-env';
import { jitteredBackoff } from '../../domain/backoff';
import { limitOf } from '../../domain/limits/limit-of';
import { leaseFrom } from '../../domain/limits/token-bucket';
import { readEnv } from '../../platform/config/read-env';
import { trustCertificates } from '../../platform/config/trust-certificates';
import { createAdmission } from '../../platform/http/require-allowed';
import { createIssuerVerifier } from '../../platform/identity/create-issuer-verifier';
import { createAppender } from '../../platform/kafka/append/create-appender';
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
import { createPredictApp } from './app';
import { createCatalogue } from './catalogue/create-catalogue';
import { followChanges } from './catalogue/follow-changes';
import { reportQuarantine } from './catalogue/report-quarantine';
import { createInferenceEngine } from './inference/inference-engine';
import { limitMemory } from './inference/limit-memory';
import { createRecorder } from './recording/create-recorder';

/** What calls of models, requests and answers may take beside the models themselves. */
const callBytes = 2 * 1024 ** 3;

async function main(): Promise<void> {
  const env = readEnv(PredictEnv, process.env);
  trustCertificates(env.KOLATE_POSTGRES_CA);
  const log = createLogger('predict', env.KOLATE_LOG_LEVEL);
  const backoff = jitteredBackoff({ baseMs: 100, maxMs: 10_000 }, Math.random);
  const metrics = new Registry();
  const core = createPostgres('core', { ...postgresAccess(env), name: 'predict', maxConnections: 4 });
  const secrets = createSecrets(env.KOLATE_SECRETS, env.KOLATE_S3_REGION);
  const tenancy = createTenancy({ core, secrets, name: 'predict' });
  const openDatabase = async (tenantId: string) => (await tenancy.open(tenantId)).sql;
  const blobs = createBlobStore({
    bucket: env.KOLATE_MODELS_BUCKET,
    region: env.KOLATE_S3_REGION,
    endpoint: env.KOLATE_S3_ENDPOINT,
  });
  const brokers = await resolveBrokers(env);
  const tracer = await createTracer({ service: 'predict', log, registry: metrics, env });
  const kafka = createKafka({ ...brokers, clientId: 'predict', log, backoff, tracer });
  const appender = createAppender({ ...brokers, clientId: 'predict' });
  const recorder = createRecorder({ appender, metrics, log, backoff });
  const catalogue = createCatalogue({ openDatabase, blobs });
  const engine = createInferenceEngine({
    programs: {
      modelProcess: join(__dirname, 'inference/model-process.js'),
      watchdogThread: join(__dirname, 'inference/watchdog-thread.js'),
    },
    cacheBytes: env.KOLATE_MODEL_CACHE_BYTES,
    quarantineFile: env.KOLATE_QUARANTINE_FILE,
  });
  // A model may ask for the square of what a request sends: that must fail its call, not the process.
  if (!limitMemory(env.KOLATE_MODEL_CACHE_BYTES + callBytes))
    log.warn('the memory of models is not limited: no prlimit');
  const limits = createCallerLimits(env, { name: 'predict', limitOf, rule: leaseFrom });
  let following = false;
  const { http, grpc } = createPredictApp({
    log,
    metrics,
    probes: [
      { name: 'postgres', check: core.ping },
      { name: 'kafka', check: kafka.ping },
    ],
    admit: limits && createAdmission(limits.limitCaller),
    verifyToken: createIssuerVerifier({ issuer: env.KOLATE_ISSUER_URL }),
    engine,
    resolve: catalogue.resolve,
    record: recorder.record,
    isReady: () => following,
    deadlineMs: env.KOLATE_INFER_DEADLINE_MS,
    tracer,
  });
  const publishing = publishMetrics({
    ...{ registry: metrics, log, service: 'predict', namespace: env.KOLATE_METRICS_NAMESPACE },
  });
  const stopping = new AbortController();
  await runUntilSignal({
    log,
    async start() {
      await followChanges({ kafka, catalogue, tenancy, engine });
      following = true;
      void reportQuarantine(engine.quarantined, { openDatabase, log, backoff, signal: stopping.signal });
      await grpc.listen(`${env.KOLATE_HOST}:${env.KOLATE_GRPC_PORT}`);
      await http.listen({ host: env.KOLATE_HOST, port: env.KOLATE_PORT });
    },
    stop: [
      () => stopping.abort(),
      () => Promise.all([http.close(), grpc.close(env.KOLATE_DRAIN_TIMEOUT_MS / 2)]),
      () => recorder.drain(env.KOLATE_DRAIN_TIMEOUT_MS / 4),
      engine.close,
      publishing.close,
      kafka.close,
      appender.close,
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

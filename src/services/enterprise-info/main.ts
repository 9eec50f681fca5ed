import { join } from 'node:path';
import { Registry } from 'prom-client';
import { EnterpriseInfoEnv } from '../../contracts/env/enterprise-info-env';
import { jitteredBackoff } from '../../domain/backoff';
import { limitOf } from '../../domain/limits/limit-of';
import { leaseFrom } from '../../domain/limits/token-bucket';
import { readEnv } from '../../platform/config/read-env';
import { trustCertificates } from '../../platform/config/trust-certificates';
import { readCursorKeys } from '../../platform/http/cursor-keys';
import { createIdentityDirectory } from '../../platform/identity/create-identity-directory';
import { createIssuerVerifier } from '../../platform/identity/create-issuer-verifier';
import { createKafka } from '../../platform/kafka/create-kafka';
import { resolveBrokers } from '../../platform/kafka/resolve-brokers';
import { runUntilSignal } from '../../platform/lifecycle/run-until-signal';
import { createLogger } from '../../platform/logging/create-logger';
import { createPostgres } from '../../platform/postgres/create-postgres';
import { readMigrations } from '../../platform/postgres/migrate';
import { postgresAccess } from '../../platform/postgres/postgres-access';
import { createCallerLimits } from '../../platform/redis/create-caller-limits';
import { createSecrets } from '../../platform/secrets/create-secrets';
import { createBlobStore } from '../../platform/storage/create-blob-store';
import { createTracer } from '../../platform/telemetry/create-tracer';
import { publishMetrics } from '../../platform/telemetry/publish-metrics';
import { createEnterpriseInfoApp } from './app';
import { serviceName } from './outbox';
import { createCellStore } from './provisioning/cell-store';
import { createStackNews } from './provisioning/create-stack-news';
import { createSteps } from './provisioning/create-steps';
import { openStackDriver } from './provisioning/open-stack-driver';
import { reconcilePlacements } from './provisioning/reconcile-placements';
import { startProvisioning } from './provisioning/start-provisioning';
import { watchCells } from './provisioning/watch-cells';

/** Beside `dist/`, of which this file is `src/services/enterprise-info/main.js`. */
const migrationsFolder = join(__dirname, '../../../../migrations/tenant');

async function main(): Promise<void> {
  const env = readEnv(EnterpriseInfoEnv, process.env);
  trustCertificates(env.KOLATE_POSTGRES_CA);
  const log = createLogger(serviceName, env.KOLATE_LOG_LEVEL);
  const backoff = jitteredBackoff({ baseMs: 100, maxMs: 10_000 }, Math.random);
  const metrics = new Registry();
  const core = createPostgres('core', { ...postgresAccess(env), name: serviceName, maxConnections: 16 });
  const tracer = await createTracer({ service: serviceName, log, registry: metrics, env });
  const kafka = createKafka({ ...(await resolveBrokers(env)), clientId: serviceName, log, backoff, tracer });
  const secrets = createSecrets(env.KOLATE_SECRETS, env.KOLATE_S3_REGION);
  const directory = createIdentityDirectory(env);
  const news = createStackNews();
  const opened = openStackDriver({ env, secrets, waitForChange: news.waitForChange }, process.env);
  const { driver, availableTiers, planTier, measure, cells, quotas } = opened;
  const blobsOf = (bucket: string) =>
    createBlobStore({ bucket, region: env.KOLATE_S3_REGION, endpoint: env.KOLATE_S3_ENDPOINT });
  const [exports, models] = [blobsOf(env.KOLATE_EXPORTS_BUCKET), blobsOf(env.KOLATE_MODELS_BUCKET)];
  const migrations = await readMigrations(migrationsFolder);
  const steps = createSteps({
    ...{ core, secrets, driver, exports, models, migrations, directory, availableTiers, quotas, log },
  });
  const limits = createCallerLimits(env, { name: serviceName, limitOf, rule: leaseFrom });
  const app = createEnterpriseInfoApp({
    ...{ log, metrics, tracer, core, secrets, directory, availableTiers, planTier, quotas },
    verifyToken: createIssuerVerifier({ issuer: env.KOLATE_ISSUER_URL }),
    limitCaller: limits?.limitCaller,
    cursorKeys: readCursorKeys(env.KOLATE_CURSOR_KEYS),
    probes: [
      { name: 'postgres', check: core.ping },
      { name: 'kafka', check: kafka.ping },
    ],
  });
  const publishing = publishMetrics({
    ...{ registry: metrics, log, service: serviceName, namespace: env.KOLATE_METRICS_NAMESPACE },
  });
  const stores = [exports.close, models.close, core.close, () => limits?.close()];
  let provisioning: { close(): Promise<void> } | undefined;
  let watching: { close(): Promise<void> } | undefined;
  await runUntilSignal({
    log,
    async start() {
      await core.transaction((sql) => createCellStore(sql).keep(cells));
      await reconcilePlacements({ core, driver, log }).catch((error: unknown) =>
        log.warn({ err: error }, 'whether stacks have moved could not be asked'),
      );
      if (env.KOLATE_TENANT_DRIVER === 'cloudformation') await news.follow(kafka);
      provisioning = await startProvisioning({ core, kafka, steps, directory, log, backoff, metrics, tracer });
      if (measure) watching = watchCells({ core, measure, log, metrics });
      await app.listen({ host: env.KOLATE_HOST, port: env.KOLATE_PORT });
    },
    stop: [
      () => app.close(),
      () => watching?.close(),
      () => provisioning?.close(),
      publishing.close,
      kafka.close,
      () => tracer?.close(),
      ...stores,
    ],
    deadlineMs: env.KOLATE_DRAIN_TIMEOUT_MS,
  });
}

void main();

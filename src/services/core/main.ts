import { Registry } from 'prom-client';
import { CoreEnv } from '../../contracts/env/core-env';
import { jitteredBackoff } from '../../domain/backoff';
import { readEnv } from '../../platform/config/read-env';
import { trustCertificates } from '../../platform/config/trust-certificates';
import { createKafka } from '../../platform/kafka/create-kafka';
import { resolveBrokers } from '../../platform/kafka/resolve-brokers';
import { runUntilSignal } from '../../platform/lifecycle/run-until-signal';
import { createLogger } from '../../platform/logging/create-logger';
import { createPostgres } from '../../platform/postgres/create-postgres';
import { postgresAccess } from '../../platform/postgres/postgres-access';
import { createTracer } from '../../platform/telemetry/create-tracer';
import { publishMetrics } from '../../platform/telemetry/publish-metrics';
import { createCoreApp } from './app';
import { startSagas } from './sagas/create-sagas';
import { createSagaStore } from './sagas/saga-store';
import { watchBacklogs } from './watch-backlogs';

async function main(): Promise<void> {
  const env = readEnv(CoreEnv, process.env);
  trustCertificates(env.KOLATE_POSTGRES_CA);
  const log = createLogger('core', env.KOLATE_LOG_LEVEL);
  const backoff = jitteredBackoff({ baseMs: 100, maxMs: 10_000 }, Math.random);
  const metrics = new Registry();
  const postgres = createPostgres('core', { ...postgresAccess(env), name: 'core' });
  const tracer = await createTracer({ service: 'core', log, registry: metrics, env });
  const kafka = createKafka({ ...(await resolveBrokers(env)), clientId: 'core', log, backoff, tracer });
  const app = createCoreApp({
    log,
    metrics,
    tracer,
    probes: [
      { name: 'postgres', check: postgres.ping },
      { name: 'kafka', check: kafka.ping },
    ],
  });
  watchBacklogs({ store: createSagaStore(postgres.sql), kafka, metrics, log });
  const publishing = publishMetrics({
    ...{ registry: metrics, log, service: 'core', namespace: env.KOLATE_METRICS_NAMESPACE },
  });
  let sagas: { close(): Promise<void> } | undefined;
  await runUntilSignal({
    log,
    async start() {
      sagas = await startSagas({ postgres, kafka, log, backoff, metrics });
      await app.listen({ host: env.KOLATE_HOST, port: env.KOLATE_PORT });
    },
    stop: [
      () => sagas?.close(),
      () => app.close(),
      publishing.close,
      kafka.close,
      () => tracer?.close(),
      postgres.close,
    ],
    deadlineMs: env.KOLATE_DRAIN_TIMEOUT_MS,
  });
}

void main();

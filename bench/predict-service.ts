import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { Registry } from 'prom-client';
import { KolateError } from '../src/contracts/errors';
import { defaultModelSettings } from '../src/contracts/http/models';
import { leaseFrom } from '../src/domain/limits/token-bucket';
import { createTokenVerifier } from '../src/platform/identity/create-token-verifier';
import { createAppender } from '../src/platform/kafka/append/create-appender';
import { createLogger } from '../src/platform/logging/create-logger';
import type { Postgres } from '../src/platform/postgres/create-postgres';
import { createSql } from '../src/platform/postgres/sql';
import { createMemoryLeases } from '../src/platform/redis/create-memory-leases';
import { createRateLimiter, type Decision } from '../src/platform/redis/create-rate-limiter';
import { createRedis } from '../src/platform/redis/create-redis';
import { createRedisLeases } from '../src/platform/redis/create-redis-leases';
import { createPredictApp } from '../src/services/predict/app';
import { createCatalogue } from '../src/services/predict/catalogue/create-catalogue';
import { createInferenceEngine } from '../src/services/predict/inference/inference-engine';
import { createRecorder } from '../src/services/predict/recording/create-recorder';
import { tryModel } from '../src/services/predict/validation/trial';

// The subject of M1 and M2: the predict service as it is, with token, tenant, limit, schema, model, record and access log.
// What is not on its hot path (tenants' databases, the store of model files) is replaced by one model in memory.
const { ISSUER = '', JWKS = '', BROKERS = '', TOPIC = '', REDIS = '', MODEL = '', FOLDER = '' } = process.env;

/** More than can be asked for: leases are fetched as in earnest, and nobody is refused. */
const limit = { ratePerSecond: 1_000_000, burst: 1_000_000, dailyQuota: 1_000_000_000 };

function check({ allowed, code = 'KLT_RATE_LIMITED', retryAfterSeconds }: Decision): void {
  if (!allowed) throw new KolateError(code, 'the limit of the tenant is reached', { retryAfterSeconds });
}

async function main(): Promise<void> {
  const log = createLogger('predict');
  const metrics = new Registry();
  const file = readFileSync(MODEL);
  const { signature, lane } = tryModel(file);
  const row = {
    id: 'id',
    version: '1',
    state: 'ready',
    lane,
    signature,
    sizeBytes: file.length,
    settings: defaultModelSettings,
    blobKey: 'key',
    sha256: createHash('sha256').update(file).digest('hex'),
    quarantineReason: null,
  };
  const sql = createSql('tenant', async () => ({ rows: [row], rowCount: 1, command: '', oid: 0, fields: [] }) as never);
  const catalogue = createCatalogue({
    openDatabase: async () => ({ sql }) as Postgres<'tenant'>,
    blobs: { get: async () => file },
  });
  const redis = createRedis('core', { url: REDIS, name: 'bench' });
  const limiter = createRateLimiter({ leases: createRedisLeases(redis), fallback: createMemoryLeases(leaseFrom) });
  const appender = createAppender({ brokers: [BROKERS], clientId: 'bench' });
  const recorder = createRecorder({ appender, metrics, log, backoff: () => 100, topic: TOPIC });
  const engine = createInferenceEngine({
    programs: {
      modelProcess: join(__dirname, 'model-process.js'),
      watchdogThread: join(__dirname, 'watchdog-thread.js'),
    },
    cacheBytes: 268_435_456,
    quarantineFile: join(FOLDER, 'quarantine'),
  });
  const { http } = createPredictApp({
    log,
    metrics,
    probes: [],
    verifyToken: createTokenVerifier({ issuer: ISSUER, jwksUri: JWKS }),
    engine,
    resolve: catalogue.resolve,
    record: recorder.record,
    isReady: () => true,
    deadlineMs: 10_000,
    admit(identity) {
      const decision = limiter.take(`tenant:${identity.tenantId}`, limit);
      return decision instanceof Promise ? decision.then(check) : check(decision);
    },
  });
  await http.listen({ host: '127.0.0.1', port: 0 });
  process.on('message', () => process.send?.({ ...recorder.stats(), ...engine.stats() }));
  process.on('SIGTERM', () => process.exit(0));
  process.send?.({ port: (http.server.address() as AddressInfo).port });
}

void main();

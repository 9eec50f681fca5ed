import { randomUUID } from 'node:crypto';
import { rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join, resolve } from 'node:path';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { findEnginePaths } from '../local/engines/engine-paths';
import { holdFreePort } from '../local/engines/free-port';
import { createKafkaEngine } from '../local/engines/kafka-engine';
import { type RunningProcess, startProcess } from '../local/engines/spawn-process';
import { createValkeyEngine } from '../local/engines/valkey-engine';
import { heapArgs, predictHeap } from '../local/supervisor/service-specs';
import { apiAudience, tenantScopes } from '../src/contracts/scopes';
import { topics } from '../src/contracts/topics';
import { createKafka } from '../src/platform/kafka/create-kafka';
import { createLogger } from '../src/platform/logging/create-logger';
import { benchFolder } from './bench-folder';
import { bundle, type Program, type ProgramOptions, startProgram } from './program';

export type PredictBench = {
  readonly service: Program<{ port: number }>;
  /** Whole HTTP requests to predict one row, each with values and ids of its own. */
  readonly requests: readonly string[];
  /** File with what the service logged. */
  readonly log: string;
  stop(): Promise<void>;
};

const distinctRequests = 64;

/** The predict service on a real Kafka and a real Valkey, and requests for it with a signed token. */
export async function startPredictService(options: ProgramOptions = {}): Promise<PredictBench> {
  const folder = await benchFolder();
  const engines = await startEngines(folder);
  const tenantId = randomUUID();
  const issuer = await startIssuer(tenantId);
  await Promise.all([
    bundle('src/services/predict/inference/model-process.ts'),
    bundle('src/services/predict/inference/watchdog-thread.ts'),
  ]);
  const log = join(folder, 'service.log');
  const service = await startProgram<{ port: number }>(
    'bench/predict-service.ts',
    {
      ISSUER: issuer.url,
      JWKS: `${issuer.url}/jwks`,
      BROKERS: engines.brokers,
      TOPIC: topics.predictionLifecycle.name,
      REDIS: engines.redis,
      MODEL: resolve('models/samples/iris-classifier.onnx'),
      FOLDER: folder,
    },
    { logFile: log, execArgv: heapArgs(predictHeap), ...options },
  );
  return {
    service,
    log,
    requests: Array.from({ length: distinctRequests }, () => requestWith(issuer.token)),
    async stop() {
      await service.stop();
      issuer.close();
      await engines.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** As a client sends it through a gateway: its own id, a trace, and four measurements of a flower. */
function requestWith(token: string): string {
  const data = [5.1, 3.5, 1.4, 0.2].map((value) => Math.round((value + Math.random()) * 10) / 10);
  const body = JSON.stringify({
    id: randomUUID(),
    inputs: [{ name: 'features', datatype: 'FP32', shape: [1, 4], data }],
  });
  const trace = randomUUID().replaceAll('-', '');
  return [
    'POST /v2/models/iris-classifier/infer HTTP/1.1',
    'host: 127.0.0.1',
    'connection: keep-alive',
    'accept: */*',
    'content-type: application/json',
    `content-length: ${Buffer.byteLength(body)}`,
    `authorization: Bearer ${token}`,
    `x-request-id: ${randomUUID()}`,
    `traceparent: 00-${trace}-${trace.slice(16)}-01`,
    '',
    body,
  ].join('\r\n');
}

async function startEngines(folder: string): Promise<{ brokers: string; redis: string; stop(): Promise<void> }> {
  const paths = findEnginePaths();
  const place = async (name: string) => {
    const { port, release } = await holdFreePort();
    await release();
    return { name, dir: join(folder, name), port, paths, durable: false };
  };
  const controller = await holdFreePort();
  await controller.release();
  const kafka = createKafkaEngine({ ...(await place('kafka')), controllerPort: controller.port });
  const valkey = createValkeyEngine({ ...(await place('valkey')), password: randomUUID() });
  const running: RunningProcess[] = [];
  for (const engine of [kafka, valkey]) {
    await engine.prepare();
    const { name } = engine.spec;
    const files = { pidFile: join(folder, `${name}.pid`), logFile: join(folder, `${name}.log`) };
    running.push(await startProcess(engine.spec, files));
  }
  const { brokers } = kafka.endpoint;
  const admin = createKafka({
    brokers: [brokers],
    clientId: 'bench',
    log: createLogger('bench', 'error'),
    backoff: () => 100,
  });
  await admin.ensureTopics([topics.predictionLifecycle]);
  await admin.close();
  return {
    brokers,
    redis: valkey.endpoint.url,
    stop: async () => {
      for (const one of running) await one.stop();
    },
  };
}

/** Keys of an issuer and an access token of the tenant, as `local/issuer` gives them out. */
async function startIssuer(tenantId: string): Promise<{ url: string; token: string; close(): void }> {
  const { publicKey, privateKey } = await generateKeyPair('RS256', { extractable: true });
  const keys = JSON.stringify({ keys: [{ ...(await exportJWK(publicKey)), kid: 'bench', alg: 'RS256', use: 'sig' }] });
  const server = createServer((_request, response) => response.setHeader('content-type', 'application/json').end(keys));
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const claims = { tenant_id: tenantId, tier: 'pool', scope: tenantScopes.join(' '), roles: ['tenant-service'] };
  const token = await new SignJWT({ ...claims, client_id: `tenant-${tenantId}`, jti: randomUUID() })
    .setProtectedHeader({ alg: 'RS256', typ: 'at+jwt', kid: 'bench' })
    .setIssuer(url)
    .setSubject(`tenant-${tenantId}`)
    .setAudience(apiAudience)
    .setIssuedAt()
    .setExpirationTime('1h')
    .sign(privateKey);
  return { url, token, close: () => server.close() };
}

import { mkdtempSync, rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  credentials,
  type GrpcObject,
  loadPackageDefinition,
  Metadata,
  type ServiceClientConstructor,
  type ServiceError,
  status,
} from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { Registry } from 'prom-client';
import { KolateError } from '../../../src/contracts/errors';
import { rpcRoutes } from '../../../src/contracts/grpc';
import { createPredictApp, type PredictApp } from '../../../src/services/predict/app';
import { createInferenceEngine, type InferenceEngine } from '../../../src/services/predict/inference/inference-engine';
import { linearModel } from '../../builders/onnx-models';
import { resolvedModel } from '../../builders/resolved-model';
import { createTestLog } from '../../helpers/messaging';
import { buildPredictPrograms } from '../../helpers/predict-programs';
import { verifyTestToken } from '../../helpers/registry-fixture';
import { until } from '../../helpers/until';

const folder = mkdtempSync(join(tmpdir(), 'kolate-grpc-lines-'));
const { log, lines } = createTestLog();
const admission = { refuse: false };
const linear = resolvedModel(linearModel([1, 2, 3, 4], 0.5), { model: 'linear' });
let engine: InferenceEngine;
let app: PredictApp;
let origin: string;
let client: InstanceType<ServiceClientConstructor>;

beforeAll(async () => {
  const programs = buildPredictPrograms();
  const quarantineFile = join(folder, 'quarantine');
  engine = createInferenceEngine({ programs, cacheBytes: 64 * 1024 * 1024, quarantineFile });
  app = createPredictApp({
    ...{ log, metrics: new Registry(), engine, probes: [], isReady: () => true, deadlineMs: 10_000 },
    verifyToken: verifyTestToken,
    resolve(_tenantId, name) {
      if (name !== 'linear') throw new KolateError('KLT_MODEL_NOT_FOUND', `there is no model ${name}`);
      return linear;
    },
    record: () => undefined,
    admit() {
      if (admission.refuse) throw new KolateError('KLT_RATE_LIMITED', 'too many', { retryAfterSeconds: 7 });
    },
  });
  await app.http.listen({ host: '127.0.0.1', port: 0 });
  origin = `http://127.0.0.1:${(app.http.server.address() as AddressInfo).port}`;
  const port = await app.grpc.listen('127.0.0.1:0');
  const proto = loadSync(join(__dirname, '../../../proto/open_inference.proto'), { keepCase: true });
  const { GRPCInferenceService } = loadPackageDefinition(proto).inference as GrpcObject;
  client = new (GRPCInferenceService as ServiceClientConstructor)(`127.0.0.1:${port}`, credentials.createInsecure());
}, 60_000);
afterAll(async () => {
  client.close();
  await Promise.all([app.http.close(), app.grpc.close(2_000)]);
  await engine.close();
  rmSync(folder, { recursive: true, force: true });
});

type Line = Readonly<Record<string, unknown>>;
const newTrace = (digit: string) => ({ id: digit.repeat(32), parent: `00-${digit.repeat(32)}-b7ad6b7169203331-01` });
const linesOf = (traceId: string): Line[] =>
  lines
    .join('')
    .split('\n')
    .filter((text) => text.includes(traceId))
    .map((text) => JSON.parse(text) as Line);
const lineOf = (traceId: string): Promise<Line> => until(() => linesOf(traceId)[0]);

function call(method: string, message: object, { parent, token = 'acme' }: { parent: string; token?: string }) {
  const metadata = new Metadata();
  metadata.set('traceparent', parent);
  if (token !== '') metadata.set('authorization', `Bearer ${token}`);
  return new Promise<object>((resolve, reject) => {
    client[method]?.(message, metadata, (error: ServiceError | null, answer: object) =>
      error ? reject(error) : resolve(answer),
    );
  });
}

const row = { name: 'x', datatype: 'FP32', shape: [1, 4] };
const infer = (model_name: string) => ({
  model_name,
  inputs: [{ ...row, contents: { fp32_contents: [1, 1, 1, 1] } }],
});

describe('a call over gRPC', () => {
  it('writes the line that a request does, by which usage is counted for each tenant', async () => {
    const [overHttp, overGrpc] = [newTrace('a'), newTrace('b')];
    await fetch(`${origin}/v2/models/linear/infer`, {
      method: 'POST',
      headers: { authorization: 'Bearer acme', 'content-type': 'application/json', traceparent: overHttp.parent },
      body: JSON.stringify({ inputs: [{ ...row, data: [1, 1, 1, 1] }] }),
    });
    await call('ModelInfer', infer('linear'), overGrpc);
    const [request, line] = [await lineOf(overHttp.id), await lineOf(overGrpc.id)];
    expect([request.status, Object.keys(line)]).toEqual([200, Object.keys(request)]);
    expect(line).toMatchObject({
      ...{ level: 'info', method: 'POST', path: '/inference.GRPCInferenceService/ModelInfer', status: 200 },
      ...{ tenantId: 'acme', traceId: overGrpc.id, ms: expect.any(Number) },
    });
    expect([...rpcRoutes.keys()]).toContain(line.path);
    expect(linesOf(overGrpc.id)).toHaveLength(1);
  });

  it('that is refused is the tenant’s too, with the status that a request would have', async () => {
    const [limited, unknown] = [newTrace('c'), newTrace('d')];
    admission.refuse = true;
    const refusal = await call('ModelInfer', infer('linear'), limited).catch((error: unknown) => error);
    admission.refuse = false;
    expect(refusal).toMatchObject({ code: status.RESOURCE_EXHAUSTED });
    await call('ModelMetadata', { name: 'nope' }, unknown).catch(() => undefined);
    expect(await lineOf(limited.id)).toMatchObject({ status: 429, tenantId: 'acme' });
    expect(await lineOf(unknown.id)).toMatchObject({ status: 404, tenantId: 'acme' });
  });

  it('of nobody is nobody’s, and tells the caller the id that the line has', async () => {
    const trace = newTrace('e');
    const refusal = (await call('ModelInfer', infer('linear'), { parent: trace.parent, token: '' }).catch(
      (error: unknown) => error,
    )) as ServiceError;
    expect(refusal.metadata.get('x-request-id')).toEqual([trace.id]);
    const line = await lineOf(trace.id);
    expect(line).toMatchObject({ status: 401 });
    expect(line).not.toHaveProperty('tenantId');
  });

  it('of a load balancer, which asks all the time, writes none', async () => {
    const [asked, after] = [newTrace('1'), newTrace('2')];
    await call('ServerLive', {}, asked);
    await call('ServerReady', {}, after);
    // Lines leave in order: behind this one there would be nothing of the other.
    await lineOf(after.id);
    expect(linesOf(asked.id)).toEqual([]);
  });
});

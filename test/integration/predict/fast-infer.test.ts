import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { type AddressInfo, connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { Registry } from 'prom-client';
import { Agent, request } from 'undici';
import { KolateError } from '../../../src/contracts/errors';
import { defaultModelSettings } from '../../../src/contracts/http/models';
import { createOtlpTracer } from '../../../src/platform/telemetry/create-otlp-tracer';
import type { Tracer } from '../../../src/platform/telemetry/tracer';
import { createPredictApp, type PredictApp } from '../../../src/services/predict/app';
import { createInferenceEngine, type InferenceEngine } from '../../../src/services/predict/inference/inference-engine';
import type { ResolvedModel } from '../../../src/services/predict/inference/resolved-model';
import type { PredictionRecord } from '../../../src/services/predict/protocol/prediction-record';
import { tryModel } from '../../../src/services/predict/validation/trial';
import { identityModel } from '../../builders/onnx-models';
import { createTestLog } from '../../helpers/messaging';
import { startOtlpReceiver } from '../../helpers/otlp-receiver';
import { buildPredictPrograms } from '../../helpers/predict-programs';
import { verifyTestToken } from '../../helpers/registry-fixture';
import { listSamples } from '../../helpers/samples';
import { until } from '../../helpers/until';

const folder = mkdtempSync(join(tmpdir(), 'kolate-fast-'));
const { log, lines } = createTestLog();
const metrics = new Registry();
const records: PredictionRecord[] = [];
const admission = { refuse: false };
let collector: Awaited<ReturnType<typeof startOtlpReceiver>>;
let tracer: Tracer;
let engine: InferenceEngine;
let app: PredictApp;
let origin: string;
const agent = new Agent({ connections: 1, pipelining: 1 });

const modelOf = (name: string, file: Uint8Array): [string, ResolvedModel] => {
  const { signature, lane } = tryModel(file);
  const settings = defaultModelSettings;
  const loadBytes = async () => file;
  return [
    name,
    { tenantId: 'acme', model: name, version: '1', signature, lane, settings, sizeBytes: file.length, loadBytes },
  ];
};

beforeAll(async () => {
  const iris = listSamples().find(({ sample }) => sample.name === 'iris-classifier');
  const models = new Map([
    modelOf('iris', readFileSync(iris?.onnxPath ?? '')),
    modelOf('text', identityModel('BYTES')),
  ]);
  const programs = buildPredictPrograms();
  engine = createInferenceEngine({
    programs,
    cacheBytes: 64 * 1024 * 1024,
    quarantineFile: join(folder, 'quarantine'),
  });
  collector = await startOtlpReceiver();
  tracer = createOtlpTracer({
    ...{ service: 'predict', endpoint: collector.endpoint, ratio: 0, log, registry: new Registry(), everyMs: 5 },
  });
  app = createPredictApp({
    ...{ tracer, log, metrics, engine, probes: [], isReady: () => true, deadlineMs: 10_000 },
    verifyToken: (token) => (token === 'late' ? Promise.resolve(verifyTestToken('acme')) : verifyTestToken(token)),
    resolve: (tenantId, name) => {
      const model = tenantId === 'acme' ? models.get(name) : undefined;
      if (!model) throw new KolateError('KLT_MODEL_NOT_FOUND', `there is no model ${name}`);
      return model;
    },
    record: (record) => void records.push(record),
    admit() {
      if (admission.refuse) throw new KolateError('KLT_RATE_LIMITED', 'too many', { retryAfterSeconds: 7 });
    },
  });
  await app.http.listen({ host: '127.0.0.1', port: 0 });
  origin = `http://127.0.0.1:${(app.http.server.address() as AddressInfo).port}`;
}, 60_000);
afterAll(async () => {
  await agent.close();
  await app.http.close();
  await engine.close();
  await tracer.close();
  await collector.close();
  rmSync(folder, { recursive: true, force: true });
});

const flower = JSON.stringify({
  id: 'my ü',
  inputs: [{ name: 'features', datatype: 'FP32', shape: [1, 4], data: [5.1, 3.5, 1.4, 0.2] }],
});

async function infer(
  body: string | Buffer,
  options: { path?: string; token?: string; headers?: Record<string, string> } = {},
) {
  const { path = '/v2/models/iris/infer', token = 'acme', headers = {} } = options;
  const authorization = token === '' ? {} : { authorization: `Bearer ${token}` };
  const answer = await request(origin + path, {
    method: 'POST',
    body,
    dispatcher: agent,
    headers: { ...authorization, ...headers },
  });
  const bytes = Buffer.from(await answer.body.arrayBuffer());
  return { status: answer.statusCode, headers: answer.headers, bytes, json: () => JSON.parse(bytes.toString()) };
}

/** The same request over Node's own server, which bodies without a length go to. */
async function inferOverNode(body: string, more: Record<string, string> = {}) {
  const overNode = new Agent();
  const answer = await request(`${origin}/v2/models/iris/infer`, {
    method: 'POST',
    dispatcher: overNode,
    headers: { authorization: 'Bearer acme', ...more },
    body: Readable.from([Buffer.from(body)]),
  });
  const json: unknown = await answer.body.json();
  await overNode.close();
  return { status: answer.statusCode, headers: answer.headers, json };
}

describe('predictions in the fast lane', () => {
  it('are what fastify’s route answers, but for what is each prediction’s own', async () => {
    const fast = await infer(flower, { headers: { 'x-request-id': 'mine' } });
    const slow = await inferOverNode(flower);
    expect(fast.status).toBe(200);
    // Node's server says how long it keeps a connection; the lane does not: each request took its own way.
    expect([fast.headers, slow.headers].map((headers) => 'keep-alive' in headers)).toEqual([false, true]);
    expect({ ...fast.json(), parameters: {} }).toEqual({ ...(slow.json as object), parameters: {} });
    expect(fast.headers['content-type']).toBe(slow.headers['content-type']);
    expect(fast.headers['x-request-id']).toBe('mine');
    expect(fast.headers['kolate-prediction-id']).toBe(fast.json().parameters.prediction_id);
  });

  it.each([
    ['fast', (traceparent: string) => infer(flower, { headers: { traceparent } }), '/v2/models/:model/infer'],
    ['ordinary', (traceparent: string) => inferOverNode(flower, { traceparent }), '/v2/models/:model/infer'],
  ])('are spans in the %s lane, the call of the model below the request', async (lane, ask, route) => {
    const traceId = lane === 'fast' ? 'a'.repeat(32) : 'b'.repeat(32);
    await ask(`00-${traceId}-b7ad6b7169203331-01`);
    const spans = await until(() => {
      const found = collector.spans.filter((span) => span.traceId === traceId);
      return found.length === 2 ? found : undefined;
    });
    const request = spans.find(({ kind }) => kind === 2);
    expect(request).toMatchObject({
      ...{ name: `POST ${route}`, parentSpanId: 'b7ad6b7169203331', failed: false },
      attributes: {
        'http.request.method': 'POST',
        'http.route': route,
        'url.path': '/v2/models/iris/infer',
        'http.response.status_code': 200,
        'kolate.tenant_id': 'acme',
      },
    });
    expect(spans.find(({ kind }) => kind === 1)).toMatchObject({
      ...{ name: 'inference', parentSpanId: request?.spanId },
      attributes: { 'kolate.tenant_id': 'acme', 'kolate.model': 'iris', 'kolate.model_version': '1' },
    });
  });

  it('are no spans where the caller does not record, and nobody is drawn', async () => {
    const traceId = 'c'.repeat(32);
    const before = collector.spans.length;
    await infer(flower, { headers: { traceparent: `00-${traceId}-b7ad6b7169203331-00` } });
    await infer(flower);
    // Spans leave in order: behind this one there would be nothing of those.
    const last = 'd'.repeat(32);
    await infer(flower, { headers: { traceparent: `00-${last}-b7ad6b7169203331-01` } });
    await until(() => collector.spans.filter((span) => span.traceId === last).length === 2);
    expect(new Set(collector.spans.slice(before).map((span) => span.traceId))).toEqual(new Set([last]));
  });

  it('are recorded, counted and logged, with the tenant and the caller’s trace', async () => {
    records.length = 0;
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    const { headers } = await infer(flower, { headers: { traceparent } });
    expect(records).toMatchObject([{ id: headers['kolate-prediction-id'], tenantId: 'acme', requestId: 'my ü' }]);
    const trace = '0af7651916cd43dd8448eb211c80319c';
    const line = await until(() =>
      lines
        .join('')
        .split('\n')
        .find((entry) => entry.includes(trace)),
    );
    expect(JSON.parse(line)).toMatchObject({
      ...{
        level: 'info',
        method: 'POST',
        path: '/v2/models/iris/infer',
        status: 200,
        tenantId: 'acme',
        traceId: trace,
      },
      ms: expect.any(Number),
    });
    const scraped = await metrics.metrics();
    expect(scraped).toMatch(/kolate_infer_duration_seconds_count\{status="200"\} [1-9]/);
    expect(scraped).toMatch(/kolate_infer_duration_seconds_bucket\{status="200",le="\+Inf"\} [1-9]/);
  });

  it('take and answer binary tensors', async () => {
    const head = JSON.stringify({
      inputs: [{ name: 'features', datatype: 'FP32', shape: [1, 4], parameters: { binary_data_size: 16 } }],
      parameters: { binary_data_output: true },
    });
    const body = Buffer.concat([Buffer.from(head), Buffer.from(Float32Array.of(5.1, 3.5, 1.4, 0.2).buffer)]);
    const answer = await infer(body, { headers: { 'inference-header-content-length': String(head.length) } });
    expect(answer.status).toBe(200);
    const length = Number(answer.headers['inference-header-content-length']);
    const [label, probabilities] = JSON.parse(answer.bytes.subarray(0, length).toString()).outputs;
    expect(label).toMatchObject({ name: 'label', parameters: { binary_data_size: 8 } });
    expect(probabilities).toMatchObject({ parameters: { binary_data_size: 12 } });
    expect(answer.bytes.length).toBe(length + 20);
  });

  it('carry text in any script, with its length in bytes', async () => {
    const { inputs } = tryModel(identityModel('BYTES')).signature;
    const shape = inputs[0]?.shape.map((size) => (size === -1 ? 1 : size)) ?? [];
    const count = shape.reduce((product, size) => product * size, 1);
    const data = Array<string>(count).fill('日本 🦊');
    const tensor = { name: inputs[0]?.name, datatype: 'BYTES', shape, data };
    const answer = await infer(JSON.stringify({ inputs: [tensor] }), { path: '/v2/models/text/versions/1/infer' });
    expect(answer.json().outputs[0].data).toEqual(data);
  });

  it('wait for a token that is not known yet', async () => {
    expect(await infer(flower, { token: 'late' })).toMatchObject({ status: 200 });
  });

  it.each([
    ['no token', flower, { token: '' }, 401, 'KLT_TOKEN_MISSING'],
    ['a token without the scope', flower, { token: 'reader:acme' }, 403, 'KLT_SCOPE_MISSING'],
    ['a model that is not there', flower, { path: '/v2/models/nope/infer' }, 404, 'KLT_MODEL_NOT_FOUND'],
    ['another tenant’s model', flower, { token: 'other' }, 404, 'KLT_MODEL_NOT_FOUND'],
    ['a body that is not JSON', '{', {}, 400, 'KLT_BODY_MALFORMED'],
    ['a tensor that does not fit', flower.replace('FP32', 'FP64'), {}, 400, 'KLT_TENSOR_INVALID'],
    [
      'a length that is no number',
      flower,
      { headers: { 'inference-header-content-length': 'x' } },
      400,
      'KLT_BODY_MALFORMED',
    ],
  ])('refuse %s in the protocol’s shape', async (_what, body, options, status, code) => {
    const answer = await infer(body, options);
    expect(answer.status).toBe(status);
    expect(answer.headers['content-type']).toBe('application/json');
    expect(answer.json()).toMatchObject({ code, status, error: expect.any(String), traceId: expect.any(String) });
  });

  it('say when to come again where a limit is reached', async () => {
    admission.refuse = true;
    const [fast, slow] = [await infer(flower), await inferOverNode(flower)];
    admission.refuse = false;
    for (const answer of [fast, slow]) expect(answer).toMatchObject({ status: 429, headers: { 'retry-after': '7' } });
  });

  it('share a connection with everything else that the service answers', async () => {
    const socket = connect((app.http.server.address() as AddressInfo).port, '127.0.0.1');
    let text = '';
    socket.on('data', (chunk) => {
      text += chunk;
    });
    const head = `POST /v2/models/iris/infer HTTP/1.1\r\nhost: a\r\nauthorization: Bearer acme\r\ncontent-length: ${Buffer.byteLength(flower)}\r\n\r\n`;
    socket.write(`${head}${flower}GET /v2/health/live HTTP/1.1\r\nhost: a\r\n\r\n${head}${flower}`);
    await until(() => text.match(/HTTP\/1\.1 200/g)?.length === 3);
    expect([...text.matchAll(/"(live|model_name)"/g)].map(([, name]) => name)).toEqual([
      'model_name',
      'live',
      'model_name',
    ]);
    socket.destroy();
  });
});

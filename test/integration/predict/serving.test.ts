import { randomUUID } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Registry } from 'prom-client';
import { tenantResumed, tenantSuspended } from '../../../src/contracts/events/tenant-events';
import type { Prediction } from '../../../src/contracts/http/predictions';
import { type Appender, createAppender } from '../../../src/platform/kafka/append/create-appender';
import { createPredictApp, type PredictApp } from '../../../src/services/predict/app';
import { type Catalogue, createCatalogue } from '../../../src/services/predict/catalogue/create-catalogue';
import { followChanges } from '../../../src/services/predict/catalogue/follow-changes';
import { reportQuarantine } from '../../../src/services/predict/catalogue/report-quarantine';
import { createInferenceEngine, type InferenceEngine } from '../../../src/services/predict/inference/inference-engine';
import { runPredictionConsumer } from '../../../src/services/predict/predictions/run-prediction-consumer';
import { createRecorder, type RunningRecorder } from '../../../src/services/predict/recording/create-recorder';
import { identityModel, linearModel } from '../../builders/onnx-models';
import { testKafka } from '../../helpers/engines';
import { quickBackoff } from '../../helpers/messaging';
import { buildPredictPrograms } from '../../helpers/predict-programs';
import {
  ask,
  push,
  type RegistryFixture,
  sha256Of,
  startRegistry,
  verifyTestToken,
} from '../../helpers/registry-fixture';
import { listSamples } from '../../helpers/samples';
import { until } from '../../helpers/until';

const iris = listSamples().find(({ sample }) => sample.name === 'iris-classifier');
const irisBytes = readFileSync(iris?.onnxPath ?? '');
const flower = {
  id: 'my flower',
  inputs: [{ name: 'features', datatype: 'FP32', shape: [1, 4], data: [5.1, 3.5, 1.4, 0.2] }],
};

let registry: RegistryFixture;
let token: string;
let serving: PredictApp;
let engine: InferenceEngine;
let catalogue: Catalogue;
let appender: Appender;
const folder = mkdtempSync(join(tmpdir(), 'kolate-serving-'));
const programs = buildPredictPrograms();

beforeAll(async () => {
  registry = await startRegistry(2);
  token = registry.tenant.id;
  const { log, kafka, openDatabase, openShards, blobs } = registry;
  engine = createInferenceEngine({
    programs,
    cacheBytes: 256 * 1024 * 1024,
    quarantineFile: join(folder, 'quarantine'),
  });
  catalogue = createCatalogue({ openDatabase, blobs });
  appender = createAppender({ brokers: [(await testKafka()).brokers], clientId: 'test' });
  serving = serve(appender);
  await followChanges({ kafka, catalogue, engine, tenancy: { invalidate: () => undefined, clear: () => undefined } });
  await runPredictionConsumer({
    ...{ kafka, openShards, log, metrics: new Registry(), backoff: quickBackoff, group: `serving-${randomUUID()}` },
  });
  await ask(registry.app, token, 'POST', '/v1/models', { name: 'iris' });
  await push(registry.app, token, 'iris', irisBytes, 'a');
}, 120_000);
afterAll(async () => {
  await serving.http.close();
  for (const recorder of recorders) await recorder.drain(100);
  await engine.close();
  appender.close();
  await registry.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Ends with the test: a recorder tries again for as long as it runs. */
const recorders: RunningRecorder[] = [];

function serve(to: Pick<Appender, 'append'>): PredictApp {
  const metrics = new Registry();
  const { log } = registry;
  const recorder = createRecorder({ appender: to, metrics, log, backoff: quickBackoff });
  recorders.push(recorder);
  return createPredictApp({
    log,
    metrics,
    probes: [],
    verifyToken: verifyTestToken,
    engine,
    resolve: catalogue.resolve,
    record: recorder.record,
    isReady: () => true,
    deadlineMs: 10_000,
  });
}

const call = (...request: Parameters<typeof ask> extends [unknown, unknown, ...infer R] ? R : never) =>
  ask(registry.app, token, ...request);
const infer = (model: string, body: unknown = flower, as = token) =>
  ask(serving.http, as, 'POST', `/v2/models/${model}/infer`, body);

describe('serving what the registry has', () => {
  it('predicts with the newest version that is ready, and tells the prediction’s id', async () => {
    const answer = await infer('iris');
    expect(answer).toMatchObject({
      status: 200,
      headers: { 'kolate-prediction-id': expect.stringMatching(/^[0-9a-f-]{36}$/) },
      body: { model_name: 'iris', model_version: 'a', id: 'my flower', outputs: [{ name: 'label', data: [0] }, {}] },
    });
  });

  it('stores the prediction, which its tenant can list and read and nobody else', async () => {
    const answer = await infer('iris');
    const id = String(answer.headers['kolate-prediction-id']);
    const stored = await until(async () => {
      const shown = await call('GET', `/v1/predictions/${id}`);
      return shown.status === 200 ? (shown.body as Prediction) : undefined;
    });
    expect(stored).toMatchObject({ id, model: 'iris', version: 'a', requestId: 'my flower', rows: 1 });
    expect(stored.inputs).toEqual(flower.inputs);
    expect(stored.outputs).toEqual((answer.body as { outputs: unknown }).outputs);
    const { body } = await call('GET', '/v1/predictions?limit=1&filter=model:iris,version:a');
    expect((body as { items: Prediction[] }).items[0]).toMatchObject({ id });
    const [, other] = registry.tenants;
    expect(await ask(registry.app, other?.id ?? '', 'GET', `/v1/predictions/${id}`)).toMatchObject({ status: 404 });
  });

  it('shows 64-bit integers of a prediction with every digit', async () => {
    await call('POST', '/v1/models', { name: 'echo' });
    await push(registry.app, token, 'echo', identityModel('INT64'), '1');
    const { signature } = (await call('GET', '/v1/models/echo/versions/1')).body as {
      signature: { inputs: { name: string; shape: number[] }[] };
    };
    const input = signature.inputs[0];
    const shape = input?.shape.map((size) => (size === -1 ? 1 : size)) ?? [];
    const head = `{"inputs":[{"name":"${input?.name}","datatype":"INT64","shape":${JSON.stringify(shape)},"data":[`;
    const count = shape.reduce((product, size) => product * size, 1);
    const payload = `${head}${Array<string>(count).fill('9007199254740993').join(',')}]}]}`;
    const headers = { authorization: `Bearer ${token}` };
    const answer = await serving.http.inject({ method: 'POST', url: '/v2/models/echo/infer', headers, payload });
    expect(answer.statusCode).toBe(200);
    const text = await until(async () => {
      const url = `/v1/predictions/${answer.headers['kolate-prediction-id']}`;
      const shown = await registry.app.inject({ method: 'GET', url, headers });
      return shown.statusCode === 200 ? shown.body : undefined;
    });
    expect(text.match(/9007199254740993/g)).toHaveLength(2 * count);
  });

  it('keeps inputs, their hash or nothing of them, as the model says', async () => {
    await call('POST', '/v1/models', { name: 'discreet', settings: { recordInputs: 'hash', recording: 'required' } });
    await push(registry.app, token, 'discreet', irisBytes, '1');
    const id = String((await infer('discreet')).headers['kolate-prediction-id']);
    const read = () => call('GET', `/v1/predictions/${id}`);
    await until(async () => (await read()).status === 200);
    const { body } = await read();
    expect(body).toMatchObject({ inputsSha256: expect.stringMatching(/^[0-9a-f]{64}$/) });
    expect(body).not.toHaveProperty('inputs');
  });

  it('follows an alias wherever it stands for a version, within a second of its move', async () => {
    await push(registry.app, token, 'iris', Buffer.concat([irisBytes]), 'b');
    await call('PUT', '/v1/models/iris/aliases/champion', { version: 'a' });
    const version = async (): Promise<string> => {
      const answer = await ask(serving.http, token, 'POST', '/v2/models/iris/versions/champion/infer', flower);
      return (answer.body as { model_version: string }).model_version;
    };
    await until(async () => (await version()) === 'a');
    await call('PUT', '/v1/models/iris/aliases/champion', { version: 'b' });
    await until(async () => (await version()) === 'b', 1_000);
    await call('PUT', '/v1/models/iris/aliases/default', { version: 'a' });
    await until(async () => ((await infer('iris')).body as { model_version: string }).model_version === 'a', 1_000);
  });

  it('uses new settings within a second', async () => {
    await call('PATCH', '/v1/models/iris', { settings: { maxRows: 1 } });
    const two = { inputs: [{ ...flower.inputs[0], shape: [2, 4], data: Array(8).fill(1) }] };
    await until(async () => (await infer('iris', two)).status === 400, 1_000);
  });

  it('has a version made again under the name of a deleted one answer with its own file', async () => {
    await call('POST', '/v1/models', { name: 'reborn' });
    await push(registry.app, token, 'reborn', irisBytes, '1');
    expect(await infer('reborn')).toMatchObject({ status: 200 });
    await call('DELETE', '/v1/models/reborn/versions/1');
    await until(async () => (await infer('reborn')).status === 503, 1_000);
    await push(registry.app, token, 'reborn', linearModel(), '1');
    const row = { inputs: [{ name: 'x', datatype: 'FP32', shape: [1, 4], data: [1, 2, 3, 4] }] };
    await until(async () => (await infer('reborn', row)).status === 200, 2_000);
  });
});

describe('refusing to serve', () => {
  it('does not know another tenant’s model', async () => {
    const [, other] = registry.tenants;
    expect(await infer('iris', flower, other?.id)).toMatchObject({
      status: 404,
      body: { code: 'KLT_MODEL_NOT_FOUND' },
    });
  });

  it('says that a model is not ready, and when to try again', async () => {
    await call('POST', '/v1/models', { name: 'early' });
    expect(await infer('early')).toMatchObject({
      status: 503,
      headers: { 'retry-after': expect.stringMatching(/^\d+$/) },
      body: { code: 'KLT_MODEL_NOT_READY', error: expect.any(String) },
    });
    await call('POST', '/v1/models/early/versions', { version: 'v', sha256: sha256Of(irisBytes), sizeBytes: 1 });
    const answer = await ask(serving.http, token, 'POST', '/v2/models/early/versions/v/infer', flower);
    expect(answer).toMatchObject({ status: 503, body: { error: expect.stringContaining('awaiting-upload') } });
  });

  it('tells why a version was rejected', async () => {
    await call('POST', '/v1/models', { name: 'bad' });
    await push(registry.app, token, 'bad', Buffer.from('PK\u0003\u0004 no model'), '1');
    const answer = await ask(serving.http, token, 'POST', '/v2/models/bad/versions/1/infer', flower);
    expect(answer).toMatchObject({
      status: 422,
      body: { code: 'KLT_MODEL_REJECTED', error: expect.stringMatching(/rejected: .+/) },
    });
  });

  it.each(['a\0b', '\ud800'])('refuses a request whose id %j no record could keep', async (id) => {
    const answer = await ask(serving.http, token, 'POST', '/v2/models/iris/infer', { ...flower, id });
    expect(answer).toMatchObject({ status: 400, body: { error: expect.stringContaining('the id of the request') } });
  });

  it('serves a model as soon as it is ready', async () => {
    await call('POST', '/v1/models', { name: 'soon' });
    expect(await infer('soon')).toMatchObject({ status: 503 });
    await push(registry.app, token, 'soon', irisBytes);
    await until(async () => (await infer('soon')).status === 200, 1_000);
  });

  it('refuses a suspended tenant at once, and serves it again when it is resumed', async () => {
    expect(await infer('iris')).toMatchObject({ status: 200 });
    const data = { tenantId: token, slug: 'a', name: 'A', tier: 'pool', contact: 'a@example.com', state: 'suspended' };
    registry.suspended.add(token);
    await registry.kafka.producer().publish(tenantSuspended, 'test', { key: token, tenantId: token, data });
    await until(async () => (await infer('iris')).status === 403, 1_000);
    expect(await infer('iris')).toMatchObject({ body: { code: 'KLT_TENANT_INACTIVE' } });
    registry.suspended.delete(token);
    const resumed = { ...data, state: 'active' };
    await registry.kafka.producer().publish(tenantResumed, 'test', { key: token, tenantId: token, data: resumed });
    await until(async () => (await infer('iris')).status === 200, 1_000);
  });

  it('answers 503 where a prediction has to be recorded and the broker is away; best effort goes on', async () => {
    const nowhere = createAppender({ brokers: ['127.0.0.1:1'], clientId: 'test' });
    const cutOff = serve(nowhere);
    expect(await ask(cutOff.http, token, 'POST', '/v2/models/discreet/infer', flower)).toMatchObject({
      status: 503,
      headers: { 'retry-after': '1' },
      body: { code: 'KLT_DEPENDENCY_UNAVAILABLE' },
    });
    expect(await ask(cutOff.http, token, 'POST', '/v2/models/iris/infer', flower)).toMatchObject({ status: 200 });
    await cutOff.http.close();
    nowhere.close();
  });

  it('tells the owner of a model that was taken out of service why, in serving and in the registry', async () => {
    await call('POST', '/v1/models', { name: 'looping' });
    await push(registry.app, token, 'looping', irisBytes, '1');
    expect(await infer('looping')).toMatchObject({ status: 200 });
    const { openDatabase, log } = registry;
    const signal = new AbortController().signal;
    const reason = 'it held the process for 5000 ms';
    await reportQuarantine([{ key: `${token}/looping/1`, reason }], {
      openDatabase,
      log,
      signal,
      backoff: quickBackoff,
    });
    catalogue.forgetAll();
    expect(await infer('looping')).toMatchObject({
      status: 503,
      body: { code: 'KLT_MODEL_QUARANTINED', error: expect.stringContaining(reason) },
    });
    expect(await call('GET', '/v1/models/looping/versions/1')).toMatchObject({
      body: { state: 'ready', rejection: { code: 'quarantined', detail: reason } },
    });
  });
});

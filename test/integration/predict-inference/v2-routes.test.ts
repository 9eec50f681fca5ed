import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deflateSync, gzipSync } from 'node:zlib';
import fastify, { type FastifyInstance, type InjectOptions } from 'fastify';
import { KolateError } from '../../../src/contracts/errors';
import { createInferenceEngine } from '../../../src/services/predict/inference/inference-engine';
import type { ResolvedModel } from '../../../src/services/predict/inference/resolved-model';
import { createPredict } from '../../../src/services/predict/protocol/predict';
import type { PredictionRecord } from '../../../src/services/predict/protocol/prediction-record';
import { createV2Routes } from '../../../src/services/predict/protocol/v2-routes';
import { attributes, model, node, sequenceOfMaps, value } from '../../builders/onnx-model';
import { identityModel, joinModel, linearModel, zerosModel } from '../../builders/onnx-models';
import { resolvedModel } from '../../builders/resolved-model';
import { buildPredictPrograms } from '../../helpers/predict-programs';
import { disagreements, listSamples, type SampleTensor } from '../../helpers/samples';

const folder = mkdtempSync(join(tmpdir(), 'kolate-v2-'));
const engine = createInferenceEngine({
  programs: buildPredictPrograms(),
  cacheBytes: 128 * 1024 * 1024,
  quarantineFile: join(folder, 'quarantine.jsonl'),
});
const zipped = model(
  {
    node: [
      node('ZipMap', ['x'], ['maps'], [attributes.ints('classlabels_int64s', [0, 1])], 'ai.onnx.ml'),
      node('Identity', ['x'], ['y']),
    ],
    input: [value('x', 'FP32', ['N', 2])],
    output: [value('y', 'FP32', ['N', 2]), sequenceOfMaps('maps')],
  },
  { opsets: { 'ai.onnx.ml': 1 } },
);
const models: Record<string, ResolvedModel> = {
  linear: resolvedModel(linearModel([1, 2, 3, 4], 0.5), { model: 'linear', version: '7' }),
  longs: resolvedModel(identityModel('INT64'), { model: 'longs' }),
  floats: resolvedModel(identityModel('FP32'), { model: 'floats' }),
  texts: resolvedModel(joinModel(), { model: 'texts' }),
  zeros: resolvedModel(zerosModel(), { model: 'zeros', settings: { recordInputs: 'hash' } }),
  zipped: resolvedModel(zipped, { model: 'zipped' }),
  required: resolvedModel(linearModel(), {
    model: 'required',
    settings: { recording: 'required', recordInputs: 'none' },
  }),
};
const records: PredictionRecord[] = [];
let brokerFails = false;
let app: FastifyInstance;

beforeAll(async () => {
  const predict = createPredict({
    engine,
    record: (record) => {
      records.push(record);
      if (brokerFails) return Promise.reject(new KolateError('KLT_DEPENDENCY_UNAVAILABLE', 'the broker is away'));
      return undefined;
    },
  });
  app = fastify();
  await app.register(
    createV2Routes({
      engine,
      predict,
      resolve: (tenantId, name, version) => {
        if (name === 'loading')
          throw new KolateError('KLT_MODEL_NOT_READY', 'version 1 is validating', { retryAfterSeconds: 2 });
        const found = models[name];
        if (tenantId !== 'tenant-a' || !found || (version !== undefined && version !== found.version)) {
          throw new KolateError('KLT_MODEL_NOT_FOUND', `there is no model ${name}`);
        }
        return name === 'texts' ? Promise.resolve(found) : found;
      },
      identify: ({ headers }, scopes) => {
        if (!headers.authorization) throw new KolateError('KLT_TOKEN_MISSING', 'send a bearer token');
        if (headers.authorization === 'reader' && scopes.includes('predictions:write')) {
          throw new KolateError('KLT_SCOPE_MISSING', 'the token lacks predictions:write');
        }
        return { tenantId: headers.authorization === 'other' ? 'tenant-b' : 'tenant-a' };
      },
      isReady: () => true,
      version: '0.1.0',
      deadlineMs: 5_000,
      maxBodyBytes: 100_000,
    }),
  );
});
beforeEach(() => {
  records.length = 0;
  brokerFails = false;
});
afterAll(async () => {
  await app.close();
  await engine.close();
  rmSync(folder, { recursive: true, force: true });
});

const call = (options: InjectOptions) =>
  app.inject({ ...options, headers: { authorization: 'a', ...options.headers } });
const infer = (name: string, message: unknown, headers: Record<string, string> = {}) => {
  const payload = typeof message === 'string' || Buffer.isBuffer(message) ? message : JSON.stringify(message);
  return call({ method: 'POST', url: `/v2/models/${name}/infer`, payload, headers });
};
const x = { name: 'x', datatype: 'FP32', shape: [1, 4], data: [1, 1, 1, 1] };

describe('the server', () => {
  it('tells its health in bodies, and its name and extensions, without a token', async () => {
    const get = async (url: string) => (await app.inject(url)).json();
    expect(await get('/v2/health/live')).toEqual({ live: true });
    expect(await get('/v2/health/ready')).toEqual({ ready: true });
    expect(await get('/v2')).toEqual({ name: 'kolate', version: '0.1.0', extensions: ['binary_tensor_data'] });
  });
});

describe('a model', () => {
  it('tells its inputs and outputs, by name and by version', async () => {
    const metadata = {
      name: 'linear',
      versions: ['7'],
      platform: 'onnxruntime_onnx',
      inputs: [{ name: 'x', datatype: 'FP32', shape: [-1, 4] }],
      outputs: [{ name: 'y', datatype: 'FP32', shape: [-1, 1] }],
    };
    expect((await call({ url: '/v2/models/linear' })).json()).toEqual(metadata);
    expect((await call({ url: '/v2/models/linear/versions/7' })).json()).toEqual(metadata);
    expect((await call({ url: '/v2/models/zipped' })).json().outputs).toEqual([
      { name: 'y', datatype: 'FP32', shape: [-1, 2] },
    ]);
  });

  it('tells whether it is ready', async () => {
    expect((await call({ url: '/v2/models/linear/versions/7/ready' })).json()).toEqual({ name: 'linear', ready: true });
    const loading = await call({ url: '/v2/models/loading/ready' });
    expect([loading.statusCode, loading.headers['retry-after']]).toEqual([503, '2']);
  });
});

describe('inference with JSON', () => {
  it('answers outputs, the caller’s id and the id of the prediction, without a Content-Type', async () => {
    const response = await infer('linear', { id: 'mine', inputs: [x] });
    expect(response.statusCode).toBe(200);
    expect(response.headers['content-type']).toBe('application/json');
    const predictionId = response.headers['kolate-prediction-id'];
    expect(response.json()).toEqual({
      model_name: 'linear',
      model_version: '7',
      id: 'mine',
      parameters: { prediction_id: predictionId },
      outputs: [{ name: 'y', datatype: 'FP32', shape: [1, 1], data: [10.5] }],
    });
  });

  it('keeps every digit of 64-bit integers', async () => {
    const data = '[9223372036854775807,-9007199254740993]';
    const response = await infer('longs', `{"inputs":[{"name":"x","datatype":"INT64","shape":[1,2],"data":${data}}]}`);
    expect(response.payload).toContain(`"data":${data}`);
  });

  it('takes bodies packed with gzip or deflate, and bounds what they unpack to', async () => {
    const message = JSON.stringify({ inputs: [x] });
    expect((await infer('linear', gzipSync(message), { 'content-encoding': 'gzip' })).statusCode).toBe(200);
    expect((await infer('linear', deflateSync(message), { 'content-encoding': 'deflate' })).statusCode).toBe(200);
    const bomb = gzipSync(Buffer.alloc(1_000_000, ' '));
    expect((await infer('linear', bomb, { 'content-encoding': 'gzip' })).json()).toMatchObject({
      status: 413,
      error: expect.stringContaining('100000 bytes'),
    });
    expect((await infer('linear', 'not gzip', { 'content-encoding': 'gzip' })).statusCode).toBe(400);
    expect((await infer('linear', message, { 'content-encoding': 'br' })).statusCode).toBe(415);
  });

  it('serves the tensors of a model whose other outputs are maps', async () => {
    const two = { ...x, shape: [1, 2], data: [0.25, 0.75] };
    expect((await infer('zipped', { inputs: [two] })).json().outputs).toEqual([
      { name: 'y', datatype: 'FP32', shape: [1, 2], data: [0.25, 0.75] },
    ]);
    expect((await infer('zipped', { inputs: [two], outputs: [{ name: 'maps' }] })).json().error).toBe(
      'output "maps" is a sequence, not a tensor; it answers "y"',
    );
  });

  it.each(listSamples().map((sample) => [sample.sample.name, sample] as const))(
    'predicts with the sample %s as the framework that trained it',
    async (name, { sample, onnxPath }) => {
      models[name] = resolvedModel(readFileSync(onnxPath), { model: name });
      const { inputs, outputs } = sample.test;
      const response = await infer(name, { inputs, outputs: outputs.map((output) => ({ name: output.name })) });
      expect(response.json().error).toBeUndefined();
      response.json().outputs.forEach((actual: SampleTensor, i: number) => {
        expect(disagreements(outputs[i]!, actual.data, sample.tolerance)).toEqual([]);
      });
    },
  );
});

describe('inference with binary tensors', () => {
  const binary = (message: object, ...tensors: Uint8Array[]) => {
    const head = Buffer.from(JSON.stringify(message));
    return [Buffer.concat([head, ...tensors]), { 'inference-header-content-length': String(head.length) }] as const;
  };
  const bytes = new Uint8Array(Float32Array.of(1, 1, 1, 1).buffer);
  const sent = { name: 'x', datatype: 'FP32', shape: [1, 4], parameters: { binary_data_size: 16 } };

  it('takes and answers bytes after the JSON', async () => {
    const [body, headers] = binary(
      { inputs: [sent], outputs: [{ name: 'y', parameters: { binary_data: true } }] },
      bytes,
    );
    const response = await infer('linear', body, headers);
    expect(response.headers['content-type']).toBe('application/octet-stream');
    const length = Number(response.headers['inference-header-content-length']);
    expect(JSON.parse(response.rawPayload.subarray(0, length).toString()).outputs).toEqual([
      { name: 'y', datatype: 'FP32', shape: [1, 1], parameters: { binary_data_size: 4 } },
    ]);
    expect(response.rawPayload.readFloatLE(length)).toBe(10.5);
  });

  it('answers bytes to JSON where these are asked for, strings included', async () => {
    const text = (name: string, data: string[]) => ({ name, datatype: 'BYTES', shape: [2], data });
    const response = await infer('texts', {
      parameters: { binary_data_output: true },
      inputs: [text('a', ['é', '']), text('b', ['1', ''])],
    });
    const length = Number(response.headers['inference-header-content-length']);
    expect(response.rawPayload.subarray(length)).toEqual(Buffer.from('\x03\0\0\0\xc3\xa91\0\0\0\0', 'latin1'));
  });

  it('refuses headers that are not a length within the body', async () => {
    const [body] = binary({ inputs: [sent] }, bytes);
    for (const length of ['x', '-1', '1e3', '100000']) {
      const response = await infer('linear', body, { 'inference-header-content-length': length });
      expect(response.statusCode).toBe(400);
      expect(response.json().error).toContain(`Inference-Header-Content-Length is ${length}`);
    }
  });
});

describe('errors', () => {
  it('say what is wrong in `error`, in exactly application/json, with problem details beside it', async () => {
    const response = await infer('linear', { inputs: [{ ...x, shape: [1, 3] }] });
    expect(response.headers['content-type']).toBe('application/json');
    expect(response.json()).toEqual({
      error: 'input "x" has the shape [1,3]; the model expects [-1,4], where -1 is any size',
      type: 'https://kolate.dev/errors/KLT_TENSOR_INVALID',
      title: 'A tensor does not fit the model',
      status: 400,
      detail: 'input "x" has the shape [1,3]; the model expects [-1,4], where -1 is any size',
      code: 'KLT_TENSOR_INVALID',
      instance: '/v2/models/linear/infer',
      errors: [
        {
          pointer: '/inputs/0/shape',
          detail: 'input "x" has the shape [1,3]; the model expects [-1,4], where -1 is any size',
        },
      ],
    });
  });

  it.each<[number, string, () => ReturnType<typeof call>]>([
    [401, 'KLT_TOKEN_MISSING', () => app.inject({ method: 'POST', url: '/v2/models/linear/infer', payload: '{}' })],
    [403, 'KLT_SCOPE_MISSING', () => infer('linear', { inputs: [x] }, { authorization: 'reader' })],
    [404, 'KLT_MODEL_NOT_FOUND', () => infer('linear', { inputs: [x] }, { authorization: 'other' })],
    [404, 'KLT_MODEL_NOT_FOUND', () => infer('unknown', { inputs: [x] })],
    [404, 'KLT_MODEL_NOT_FOUND', () => call({ url: '/v2/models/linear/versions/8' })],
    [400, 'KLT_BODY_MALFORMED', () => infer('linear', '{"inputs":')],
    [400, 'KLT_BODY_MALFORMED', () => call({ method: 'POST', url: '/v2/models/linear/infer' })],
    [413, 'KLT_BODY_TOO_LARGE', () => infer('linear', 'x'.repeat(100_001))],
    [503, 'KLT_MODEL_NOT_READY', () => infer('loading', { inputs: [x] })],
    [
      503,
      'KLT_INFERENCE_OUT_OF_BOUNDS',
      () => infer('zeros', { inputs: [{ name: 'x', datatype: 'INT64', shape: [2], data: [200_000, 200_000] }] }),
    ],
  ])('%i %s', async (status, code, send) => {
    const response = await send();
    expect(response.statusCode).toBe(status);
    expect(response.headers['content-type']).toBe('application/json');
    expect(response.json()).toMatchObject({ code, error: expect.stringMatching(/\w/) });
    expect(response.payload).not.toMatch(/\.ts:|node_modules/);
  });

  it('say when to come again', async () => {
    expect((await infer('loading', { inputs: [x] })).headers['retry-after']).toBe('2');
  });
});

describe('the record of a prediction', () => {
  it('holds tensors, model, version, rows and times, under the id that was answered', async () => {
    const response = await infer('linear', {
      id: 'mine',
      inputs: [{ ...x, shape: [2, 4], data: [1, 1, 1, 1, 0, 0, 0, 0] }],
    });
    expect(records).toEqual([
      {
        id: response.headers['kolate-prediction-id'],
        tenantId: 'tenant-a',
        model: 'linear',
        version: '7',
        requestId: 'mine',
        inputsJson: '[{"name":"x","datatype":"FP32","shape":[2,4],"data":[1,1,1,1,0,0,0,0]}]',
        inputsSha256: undefined,
        outputsJson: '[{"name":"y","datatype":"FP32","shape":[2,1],"data":[10.5,0.5]}]',
        rows: 2,
        latencyMs: expect.any(Number),
        at: expect.any(Number),
        recording: 'best-effort',
        ascii: true,
      },
    ]);
  });

  it('holds a hash of the inputs, or nothing of them, where the settings say so', async () => {
    await infer('zeros', { inputs: [{ name: 'x', datatype: 'INT64', shape: [2], data: [1, 1] }] });
    await infer('required', { inputs: [x] });
    expect(records.map(({ inputsJson, inputsSha256 }) => [inputsJson, typeof inputsSha256])).toEqual([
      [undefined, 'string'],
      [undefined, 'undefined'],
    ]);
  });

  it('is not made of requests that were refused', async () => {
    await infer('linear', { inputs: [] });
    expect(records).toEqual([]);
  });

  it('must have been taken where recording is required, and only there', async () => {
    brokerFails = true;
    expect((await infer('linear', { inputs: [x] })).statusCode).toBe(200);
    expect((await infer('required', { inputs: [x] })).json()).toMatchObject({
      status: 503,
      error: 'the broker is away',
    });
  });
});

import { mkdtempSync, rmSync } from 'node:fs';
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
import { KolateError } from '../../../src/contracts/errors';
import { createInferenceEngine } from '../../../src/services/predict/inference/inference-engine';
import type { ResolvedModel } from '../../../src/services/predict/inference/resolved-model';
import { createGrpcServer } from '../../../src/services/predict/protocol/grpc-service';
import { createPredict } from '../../../src/services/predict/protocol/predict';
import type { PredictionRecord } from '../../../src/services/predict/protocol/prediction-record';
import type { ElementType } from '../../builders/onnx-model';
import { countingModel, identityModel, linearModel } from '../../builders/onnx-models';
import { resolvedModel } from '../../builders/resolved-model';
import { buildPredictPrograms } from '../../helpers/predict-programs';

const folder = mkdtempSync(join(tmpdir(), 'kolate-grpc-'));
const engine = createInferenceEngine({
  programs: buildPredictPrograms(),
  cacheBytes: 64 * 1024 * 1024,
  quarantineFile: join(folder, 'quarantine.jsonl'),
});
const records: PredictionRecord[] = [];
const models = new Map<string, ResolvedModel>([
  ['linear', resolvedModel(linearModel([1, 2, 3, 4], 0.5), { model: 'linear', version: '7' })],
  ['counting', resolvedModel(countingModel(), { model: 'counting' })],
]);
const server = createGrpcServer({
  engine,
  predict: createPredict({ engine, record: (record) => void records.push(record) }),
  resolve: (_tenantId, name) => {
    if (name === 'loading') throw new KolateError('KLT_MODEL_NOT_READY', 'version 1 is validating');
    const found = models.get(name);
    if (!found) throw new KolateError('KLT_MODEL_NOT_FOUND', `there is no model ${name}`);
    return found;
  },
  identify: (metadata) => {
    if (metadata.get('authorization').length === 0) throw new KolateError('KLT_TOKEN_MISSING', 'send a bearer token');
    return { tenantId: 'tenant-a' };
  },
  writeLine: () => undefined,
  isReady: () => true,
  version: '0.1.0',
  deadlineMs: 5_000,
  maxBodyBytes: 1_000_000,
});

/** A client made from the published definition, not from our own encoder. */
const definition = loadSync(join(__dirname, '../../../proto/open_inference.proto'), {
  longs: String,
  keepCase: true,
  defaults: false,
});
type Answer = Record<string, unknown> & { outputs?: Record<string, unknown>[]; raw_output_contents?: Buffer[] };
let client: InstanceType<ServiceClientConstructor>;

beforeAll(async () => {
  const port = await server.listen('127.0.0.1:0');
  const { GRPCInferenceService } = loadPackageDefinition(definition).inference as GrpcObject;
  client = new (GRPCInferenceService as ServiceClientConstructor)(`127.0.0.1:${port}`, credentials.createInsecure());
});
afterAll(async () => {
  client.close();
  await server.close(2_000);
  await engine.close();
  rmSync(folder, { recursive: true, force: true });
});

const token = new Metadata();
token.set('authorization', 'Bearer t');
const call = (method: string, message: object, metadata = token, options: object = {}): Promise<Answer> =>
  new Promise((resolve, reject) => {
    client[method]?.(message, metadata, options, (error: ServiceError | null, answer: Answer) =>
      error ? reject(error) : resolve(answer),
    );
  });
const x = { name: 'x', datatype: 'FP32', shape: [1, 4] };
const typed = { ...x, contents: { fp32_contents: [1, 1, 1, 1] } };
const raw = Buffer.from(Float32Array.of(1, 1, 1, 1).buffer);

describe('the server', () => {
  it('tells health and metadata without a token', async () => {
    const anonymous = new Metadata();
    expect(await call('ServerLive', {}, anonymous)).toEqual({ live: true });
    expect(await call('ServerReady', {}, anonymous)).toEqual({ ready: true });
    expect(await call('ServerMetadata', {}, anonymous)).toEqual({
      name: 'kolate',
      version: '0.1.0',
      extensions: ['binary_tensor_data'],
    });
  });

  it('wants a token for models', async () => {
    await expect(call('ModelMetadata', { name: 'linear' }, new Metadata())).rejects.toMatchObject({
      code: status.UNAUTHENTICATED,
    });
  });
});

describe('a model', () => {
  it('tells its inputs and outputs', async () => {
    expect(await call('ModelMetadata', { name: 'linear' })).toEqual({
      name: 'linear',
      versions: ['7'],
      platform: 'onnxruntime_onnx',
      inputs: [{ name: 'x', datatype: 'FP32', shape: ['-1', '4'] }],
      outputs: [{ name: 'y', datatype: 'FP32', shape: ['-1', '1'] }],
    });
  });

  it('tells whether it is ready, and is not found when there is none', async () => {
    expect(await call('ModelReady', { name: 'linear' })).toEqual({ ready: true });
    expect(await call('ModelReady', { name: 'loading' })).toEqual({});
    await expect(call('ModelReady', { name: 'unknown' })).rejects.toMatchObject({
      code: status.NOT_FOUND,
      details: 'there is no model unknown',
    });
  });
});

describe('inference', () => {
  it('answers typed contents to typed contents, under an id', async () => {
    const answer = await call('ModelInfer', { model_name: 'linear', id: 'mine', inputs: [typed] });
    expect(answer).toEqual({
      model_name: 'linear',
      model_version: '7',
      id: 'mine',
      parameters: { prediction_id: { string_param: records.at(-1)?.id } },
      outputs: [{ name: 'y', datatype: 'FP32', shape: ['1', '1'], contents: { fp32_contents: [10.5] } }],
    });
    expect(records.at(-1)).toMatchObject({ requestId: 'mine', outputsJson: expect.stringContaining('10.5') });
  });

  it('answers raw contents to raw contents', async () => {
    const { outputs, raw_output_contents } = await call('ModelInfer', {
      model_name: 'linear',
      inputs: [x],
      raw_input_contents: [raw],
    });
    expect(outputs).toEqual([{ name: 'y', datatype: 'FP32', shape: ['1', '1'] }]);
    expect(raw_output_contents).toEqual([Buffer.from(Float32Array.of(10.5).buffer)]);
  });

  it.each<[ElementType, object]>([
    ['BOOL', { bool_contents: [true, false] }],
    ['INT8', { int_contents: [-128, 127] }],
    ['INT16', { int_contents: [-32_768, 5] }],
    ['INT32', { int_contents: [-2_147_483_648, 2_147_483_647] }],
    ['INT64', { int64_contents: ['-9223372036854775808', '9223372036854775807'] }],
    ['UINT8', { uint_contents: [0, 255] }],
    ['UINT16', { uint_contents: [0, 65_535] }],
    ['UINT32', { uint_contents: [0, 4_294_967_295] }],
    ['UINT64', { uint64_contents: ['0', '18446744073709551615'] }],
    ['FP32', { fp32_contents: [0.5, Number.NaN] }],
    ['FP64', { fp64_contents: [0.1, Number.NEGATIVE_INFINITY] }],
    ['BYTES', { bytes_contents: [Buffer.from('grüße'), Buffer.from('')] }],
  ])('carries %s there and back', async (datatype, contents) => {
    models.set('echo', resolvedModel(identityModel(datatype), { model: `echo-${datatype.toLowerCase()}` }));
    const { outputs } = await call('ModelInfer', {
      model_name: 'echo',
      inputs: [{ name: 'x', datatype, shape: [1, 2], contents }],
    });
    expect(outputs?.[0]?.contents).toEqual(contents);
  });

  it('answers FP16 raw, since there are no typed contents for it', async () => {
    models.set('halves', resolvedModel(identityModel('FP16'), { model: 'halves' }));
    const halves = Buffer.from(Uint16Array.of(0x3c00, 0x7bff).buffer);
    const answer = await call('ModelInfer', {
      model_name: 'halves',
      inputs: [{ name: 'x', datatype: 'FP16', shape: [1, 2] }],
      raw_input_contents: [halves],
    });
    expect(answer.raw_output_contents).toEqual([halves]);
  });

  it('ends at the caller’s deadline', async () => {
    const endless = { name: 'x', datatype: 'INT64', shape: [1], contents: { int64_contents: ['4611686018427387904'] } };
    const options = { deadline: Date.now() + 300 };
    await expect(
      call('ModelInfer', { model_name: 'counting', inputs: [endless] }, token, options),
    ).rejects.toMatchObject({ code: status.DEADLINE_EXCEEDED });
  });
});

describe('what does not fit is refused', () => {
  const infer = (message: object) => call('ModelInfer', { model_name: 'linear', ...message });
  it.each<[string, object, RegExp]>([
    ['contents both ways', { inputs: [typed], raw_input_contents: [raw] }, /has both contents and raw_input_contents/],
    ['contents in neither way', { inputs: [x] }, /has neither contents nor raw_input_contents/],
    [
      'raw contents of another number than inputs',
      { inputs: [x], raw_input_contents: [raw, raw] },
      /raw_input_contents has 2 elements; the request has 1 inputs/,
    ],
    [
      'raw contents of another length',
      { inputs: [x], raw_input_contents: [raw.subarray(1)] },
      /has 15 bytes; its shape \[1,4\] needs 16/,
    ],
    [
      'too few elements',
      { inputs: [{ ...x, contents: { fp32_contents: [1, 2] } }] },
      /has 2 elements; its shape \[1,4\] needs 4/,
    ],
    [
      'contents of another type',
      { inputs: [{ ...x, contents: { int_contents: [1, 2, 3, 4] } }] },
      /has int_contents; FP32 expects fp32_contents/,
    ],
    ['a shape that asks for much more than was sent', { inputs: [{ ...typed, shape: [9_999, 4] }] }, /needs 39996/],
    ['an unknown input', { inputs: [{ ...typed, name: 'z' }] }, /the model has no input "z"; it has "x"/],
    ['a missing input', { inputs: [] }, /the request lacks input "x"/],
    ['an unknown output', { inputs: [typed], outputs: [{ name: 'p' }] }, /the model has no output "p"; it answers "y"/],
    [
      'shared memory',
      { inputs: [{ ...typed, parameters: { shared_memory_region: { string_param: 'r' } } }] },
      /shared memory/,
    ],
  ])('%s', async (_what, message, details) => {
    await expect(infer(message)).rejects.toMatchObject({
      code: status.INVALID_ARGUMENT,
      details: expect.stringMatching(details),
    });
  });

  it('numbers that their datatype does not hold', async () => {
    models.set('bytes', resolvedModel(identityModel('UINT8'), { model: 'bytes' }));
    const tensor = { name: 'x', datatype: 'UINT8', shape: [1, 2], contents: { uint_contents: [1, 256] } };
    await expect(call('ModelInfer', { model_name: 'bytes', inputs: [tensor] })).rejects.toMatchObject({
      code: status.INVALID_ARGUMENT,
      details: expect.stringContaining('has 256 at element 1, which UINT8 does not hold'),
    });
  });

  it('an unknown model', async () => {
    await expect(call('ModelInfer', { model_name: 'unknown' })).rejects.toMatchObject({ code: status.NOT_FOUND });
  });
});

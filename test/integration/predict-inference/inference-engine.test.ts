import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { KolateError } from '../../../src/contracts/errors';
import {
  createInferenceEngine,
  type InferenceEngine,
  type InferenceEngineOptions,
} from '../../../src/services/predict/inference/inference-engine';
import type { Tensor } from '../../../src/services/predict/inference/tensors';
import { countingModel, identityModel, linearModel, lookupModel, zerosModel } from '../../builders/onnx-models';
import { resolvedModel } from '../../builders/resolved-model';
import { buildPredictPrograms } from '../../helpers/predict-programs';

const programs = buildPredictPrograms();
const folder = mkdtempSync(join(tmpdir(), 'kolate-engine-'));
let engine: InferenceEngine;

const start = (options: Partial<InferenceEngineOptions> = {}): InferenceEngine => {
  engine = createInferenceEngine({
    programs,
    cacheBytes: 64 * 1024 * 1024,
    quarantineFile: join(folder, 'quarantine.jsonl'),
    ...options,
  });
  return engine;
};
afterEach(() => engine.close());
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const fp32 = (name: string, shape: number[], data: number[]): Tensor => ({
  name,
  datatype: 'FP32',
  shape,
  data: Float32Array.from(data),
});
const int64 = (name: string, shape: number[], data: (number | bigint)[]): Tensor => ({
  name,
  datatype: 'INT64',
  shape,
  data: BigInt64Array.from(data.map(BigInt)),
});
/** For what takes a moment, unless the machine is very busy. */
const patienceMs = 40_000;
const row = (...values: number[]) => ({ inputs: [fp32('x', [1, 4], values)] });
const numbers = (tensor: Tensor | undefined) => Array.from(tensor?.data ?? [], Number);

describe('the fast lane', () => {
  it('answers each of many requests with its own rows, in far fewer calls', async () => {
    const linear = resolvedModel(linearModel([1, 0, 0, 0], 0));
    start();
    expect(await engine.ready(linear)).toBe(true);
    const answers = await Promise.all(
      Array.from({ length: 200 }, (_, i) =>
        engine.infer(
          linear,
          { inputs: [fp32('x', [1 + (i % 3), 4], new Array(4 * (1 + (i % 3))).fill(i))] },
          patienceMs,
        ),
      ),
    );
    answers.forEach(({ outputs }, i) => {
      expect(outputs[0]).toMatchObject({ name: 'y', datatype: 'FP32', shape: [1 + (i % 3), 1] });
      expect(numbers(outputs[0])).toEqual(new Array(1 + (i % 3)).fill(i));
    });
    expect(engine.stats().batches.calls).toBeLessThan(50);
  });

  it('answers the neighbours of a request that fails', async () => {
    const lookup = resolvedModel(lookupModel([10, 20, 30]));
    start();
    const ask = (index: number) => engine.infer(lookup, { inputs: [int64('x', [1], [index])] }, patienceMs);
    const [first, bad, last] = await Promise.allSettled([ask(0), ask(7), ask(2)]);
    expect(first).toMatchObject({ status: 'fulfilled', value: { outputs: [{ data: Float32Array.of(10) }] } });
    expect(bad).toMatchObject({ status: 'rejected', reason: { code: 'KLT_INFERENCE_FAILED' } });
    expect(last).toMatchObject({ status: 'fulfilled', value: { outputs: [{ data: Float32Array.of(30) }] } });
  });

  it('runs a request of very many rows in parts, and puts the answer together', async () => {
    const identity = resolvedModel(identityModel('INT64'));
    start({ batch: { maxRows: 100 } });
    const data = Array.from({ length: 2 * 1_050 }, (_, i) => BigInt(i) - 2n ** 62n);
    const { outputs } = await engine.infer(identity, { inputs: [int64('x', [1_050, 2], data)] }, patienceMs);
    expect(outputs[0]).toMatchObject({ datatype: 'INT64', shape: [1_050, 2] });
    expect(outputs[0]?.data).toEqual(BigInt64Array.from(data));
    expect(engine.stats().batches.calls).toBeGreaterThan(10);
  });

  it('shares one load between requests that come at once, and asks the store again only after it failed', async () => {
    let loads = 0;
    const model = resolvedModel(linearModel(), {
      loadBytes: () => {
        loads++;
        return Promise.resolve(linearModel());
      },
    });
    start();
    await Promise.all(Array.from({ length: 20 }, () => engine.infer(model, row(1, 2, 3, 4), patienceMs)));
    expect(loads).toBe(1);
    expect(engine.stats().cache).toMatchObject({ models: 1, loads: 1 });
  });

  it('tells the runtime’s own reason when a file cannot be loaded', async () => {
    const broken = resolvedModel(linearModel(), { loadBytes: () => Promise.resolve(linearModel().subarray(0, 40)) });
    start();
    await expect(engine.infer(broken, row(1, 2, 3, 4), patienceMs)).rejects.toMatchObject({
      code: 'KLT_INFERENCE_FAILED',
    });
    expect(await engine.ready(broken)).toBe(false);
  });

  it('refuses a request whose deadline has passed before its turn', async () => {
    const linear = resolvedModel(linearModel());
    start();
    await engine.ready(linear);
    await expect(engine.infer(linear, row(1, 2, 3, 4), 0)).rejects.toMatchObject({ code: 'KLT_DEADLINE_EXCEEDED' });
  });

  it.each(['fast', 'contained'] as const)(
    'does not wait past the deadline for a file that does not come, in the %s lane',
    async (lane) => {
      const model = resolvedModel(linearModel(), { lane, loadBytes: () => new Promise(() => undefined) });
      start();
      await expect(engine.infer(model, row(1, 2, 3, 4), 50)).rejects.toMatchObject({
        code: 'KLT_DEADLINE_EXCEEDED',
        detail: 'the deadline passed before the model was loaded',
      });
    },
  );

  it('refuses more requests than may wait', async () => {
    const linear = resolvedModel(linearModel());
    start({ batch: { maxWaiting: 3 } });
    await engine.ready(linear);
    const answers = await Promise.allSettled(
      Array.from({ length: 5 }, () => engine.infer(linear, row(1, 2, 3, 4), patienceMs)),
    );
    expect(answers.map((answer) => (answer.status === 'fulfilled' ? 'answered' : answer.reason.code))).toEqual([
      'answered',
      'answered',
      'answered',
      'KLT_OVERLOADED',
      'KLT_OVERLOADED',
    ]);
  });

  it('carries strings and half floats through the runtime unchanged', async () => {
    start();
    const texts = { name: 'x', datatype: 'BYTES', shape: [1, 2], data: ['grüße', '日本'] } as const;
    const strings = await engine.infer(
      resolvedModel(identityModel('BYTES')),
      { inputs: [{ ...texts, data: [...texts.data] }] },
      patienceMs,
    );
    expect(strings.outputs[0]).toMatchObject({ datatype: 'BYTES', data: ['grüße', '日本'] });
    const halves = await engine.infer(
      resolvedModel(identityModel('FP16'), { model: 'h' }),
      { inputs: [{ name: 'x', datatype: 'FP16', shape: [1, 2], data: Uint16Array.of(0x3c00, 0x7bff) }] },
      patienceMs,
    );
    expect(halves.outputs[0]).toMatchObject({ datatype: 'FP16', data: Uint16Array.of(0x3c00, 0x7bff) });
  });
});

describe('the contained lane', () => {
  it('answers in a process of its own', async () => {
    start();
    const { outputs } = await engine.infer(
      resolvedModel(countingModel()),
      { inputs: [int64('x', [1], [5])] },
      patienceMs,
    );
    expect(numbers(outputs[0])).toEqual([5]);
    expect(engine.stats().contained).toMatchObject({ processes: 1, deaths: 0 });
  });

  it('ends a loop at the deadline, serves the model again, and meanwhile all the others', async () => {
    const counting = resolvedModel(countingModel());
    const linear = resolvedModel(linearModel([1, 1, 1, 1], 0), { model: 'linear' });
    start();
    const count = (rounds: bigint, deadlineMs: number) =>
      engine.infer(counting, { inputs: [int64('x', [1], [rounds])] }, deadlineMs);
    // Its process has started when the endless request comes: the deadline is for running alone.
    await count(1n, patienceMs);
    const endless = count(2n ** 62n, 1_200);
    expect(numbers((await engine.infer(linear, row(1, 2, 3, 4), patienceMs)).outputs[0])).toEqual([10]);
    await expect(endless).rejects.toMatchObject({ code: 'KLT_INFERENCE_OUT_OF_BOUNDS', status: 503 });
    expect(numbers((await count(3n, patienceMs)).outputs[0])).toEqual([3]);
    expect(engine.stats().contained.deaths).toBe(1);
  });

  it('refuses a caller who asks for 160 GB, without losing the process', async () => {
    const zeros = resolvedModel(zerosModel());
    start();
    const huge = engine.infer(zeros, { inputs: [int64('x', [2], [200_000, 200_000])] }, patienceMs);
    await expect(huge).rejects.toMatchObject({ code: 'KLT_INFERENCE_OUT_OF_BOUNDS' });
    const small = await engine.infer(zeros, { inputs: [int64('x', [2], [2, 1])] }, patienceMs);
    expect(small.outputs[0]).toMatchObject({ shape: [2, 1], data: Float32Array.of(0, 0) });
    expect(engine.stats().contained).toMatchObject({ processes: 1, deaths: 0 });
  });

  it('refuses an answer that would fill the memory of the serving process', async () => {
    start();
    const wide = engine.infer(resolvedModel(zerosModel()), { inputs: [int64('x', [2], [5_000, 5_000])] }, patienceMs);
    await expect(wide).rejects.toMatchObject({
      code: 'KLT_INFERENCE_OUT_OF_BOUNDS',
      detail: expect.stringContaining('bytes'),
    });
  });

  it('lets a model rest whose process has died three times in a row', async () => {
    const counting = resolvedModel(countingModel());
    start();
    const codes: string[] = [];
    // A deadline that passes while the process starts says nothing against the model, and does not count.
    while (!codes.includes('KLT_MODEL_QUARANTINED') && codes.length < 20) {
      const endless = engine.infer(counting, { inputs: [int64('x', [1], [2n ** 62n])] }, 1_000);
      codes.push(
        await endless.then(
          () => 'answered',
          (error: KolateError) => error.code,
        ),
      );
    }
    expect(codes.filter((code) => code !== 'KLT_DEADLINE_EXCEEDED')).toEqual([
      'KLT_INFERENCE_OUT_OF_BOUNDS',
      'KLT_INFERENCE_OUT_OF_BOUNDS',
      'KLT_INFERENCE_OUT_OF_BOUNDS',
      'KLT_MODEL_QUARANTINED',
    ]);
    await expect(engine.infer(counting, { inputs: [int64('x', [1], [1])] }, patienceMs)).rejects.toMatchObject({
      code: 'KLT_MODEL_QUARANTINED',
      options: { retryAfterSeconds: expect.any(Number) },
    });
    expect(await engine.ready(counting)).toBe(false);
  });

  it('never gives a tenant all processes, and gives idle ones to whoever needs one', async () => {
    start({ contained: { maxProcesses: 2, maxProcessesPerTenant: 1 } });
    const of = (tenantId: string, model: string) => resolvedModel(countingModel(), { tenantId, model });
    await engine.infer(of('a', 'm1'), { inputs: [int64('x', [1], [1])] }, patienceMs);
    const endless = engine.infer(of('a', 'm1'), { inputs: [int64('x', [1], [2n ** 62n])] }, 2_500);
    const queued = engine.infer(of('a', 'm2'), { inputs: [int64('x', [1], [1])] }, 1_000);
    const other = await engine.infer(of('b', 'm'), { inputs: [int64('x', [1], [4])] }, patienceMs);
    expect(numbers(other.outputs[0])).toEqual([4]);
    await expect(queued).rejects.toMatchObject({ code: 'KLT_DEADLINE_EXCEEDED' });
    await expect(endless).rejects.toMatchObject({ code: 'KLT_INFERENCE_OUT_OF_BOUNDS' });
    const third = await engine.infer(of('c', 'm'), { inputs: [int64('x', [1], [6])] }, patienceMs);
    expect(numbers(third.outputs[0])).toEqual([6]);
    expect(engine.stats().contained.processes).toBeLessThanOrEqual(2);
  });

  it('takes very long requests of a fast model, which would hold up the others', async () => {
    start();
    const long = resolvedModel(identityModel('FP32', ['N', 'T']), { batchable: false });
    const data = new Array<number>(400_000).fill(1);
    const { outputs } = await engine.infer(long, { inputs: [fp32('x', [1, data.length], data)] }, patienceMs);
    expect(outputs[0]?.data.length).toBe(data.length);
    expect(engine.stats().contained.processes).toBe(1);
    expect(engine.stats().batches.calls).toBe(0);
  });
});

it('leaves no file behind where nothing was quarantined', () => {
  start();
  expect(existsSync(join(folder, 'quarantine.jsonl')) && readFileSync(join(folder, 'quarantine.jsonl'), 'utf8')).toBe(
    false,
  );
});

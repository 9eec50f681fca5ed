import { readFileSync } from 'node:fs';
import { createModelValidator } from '../../../src/services/predict/validation/validate-model';
import { attributes, floats, int64s, model, node, sequenceOfMaps, value } from '../../builders/onnx-model';
import {
  centringModel,
  countingModel,
  identityModel,
  linearModel,
  lookupModel,
  loopModel,
  zerosModel,
} from '../../builders/onnx-models';
import { buildPredictPrograms } from '../../helpers/predict-programs';
import { listSamples } from '../../helpers/samples';

const { modelProcess: programPath } = buildPredictPrograms();
const validate = createModelValidator({ programPath, memoryLimitBytes: 256 * 1024 * 1024, deadlineMs: 15_000 });

const x = value('x', 'FP32', ['N', 2]);
const y = value('y', 'FP32', ['N', 2]);

describe('validating a model in a process of its own', () => {
  it('accepts an ordinary model, and sees that its rows may be batched', async () => {
    expect(await validate(linearModel())).toEqual({
      ok: true,
      lane: 'fast',
      sizeBytes: linearModel().length,
      signature: {
        inputs: [{ name: 'x', datatype: 'FP32', shape: [-1, 4] }],
        outputs: [{ name: 'y', datatype: 'FP32', shape: [-1, 1] }],
        batchable: true,
      },
    });
  });

  it('sees where rows depend on each other', async () => {
    expect(await validate(centringModel())).toMatchObject({ ok: true, lane: 'fast', signature: { batchable: false } });
  });

  it.each(['BOOL', 'UINT8', 'INT8', 'UINT64', 'INT64', 'FP16', 'FP64', 'BYTES'] as const)(
    'accepts a model of %s',
    async (datatype) => {
      const signature = { inputs: [{ datatype }], batchable: true };
      expect(await validate(identityModel(datatype))).toMatchObject({ ok: true, lane: 'fast', signature });
    },
  );

  it.each(listSamples().map(({ sample, onnxPath }) => [sample.name, onnxPath] as const))(
    'accepts the sample %s for the fast lane, batched',
    async (_name, path) => {
      expect(await validate(readFileSync(path))).toMatchObject({
        ok: true,
        lane: 'fast',
        signature: { batchable: true },
      });
    },
  );

  it('contains models with control flow and with sizes from values', async () => {
    expect(await validate(countingModel())).toMatchObject({
      ok: true,
      lane: 'contained',
      because: 'Loop is control flow',
    });
    expect(await validate(zerosModel())).toMatchObject({ ok: true, lane: 'contained' });
  });

  it('contains a model whose memory grows with the cube of its rows', async () => {
    const cube = model({
      node: [
        node('Unsqueeze', ['x', 'last'], ['column']),
        node('Mul', ['x', 'column'], ['square']),
        node('Unsqueeze', ['square', 'last2'], ['deep']),
        node('Mul', ['deep', 'x'], ['y3']),
        node('ReduceMax', ['y3', 'inner'], ['y'], [attributes.int('keepdims', 0)]),
      ],
      input: [value('x', 'FP32', ['N'])],
      output: [value('y', 'FP32', ['N'])],
      initializer: [int64s('last', [1], [1]), int64s('last2', [1], [2]), int64s('inner', [2], [1, 2])],
    });
    expect(await validate(cube)).toMatchObject({
      ok: true,
      lane: 'contained',
      because: expect.stringContaining('512 rows'),
    });
  });

  it('contains a model whose time grows with the cube of its rows, though its memory does not', async () => {
    const cube = model({
      node: [
        node('Unsqueeze', ['x', 'last'], ['column']),
        node('Mul', ['x', 'column'], ['s0']),
        ...[0, 1, 2, 3].map((i) => node('MatMul', [`s${i}`, 's0'], [`s${i + 1}`])),
        node('ReduceMax', ['s4', 'last'], ['y'], [attributes.int('keepdims', 0)]),
      ],
      input: [value('x', 'FP32', ['N'])],
      output: [value('y', 'FP32', ['N'])],
      initializer: [int64s('last', [1], [1])],
    });
    expect(await validate(cube)).toMatchObject({
      ok: true,
      lane: 'contained',
      because: expect.stringMatching(
        /^10000 rows would take about \d+ s: its time grows with the power [23]\.\d of the rows$/,
      ),
    });
  });

  it('contains a model that would fill the memory of the serving process', async () => {
    const roomy = createModelValidator({ programPath });
    const large = model({
      node: [node('ConstantOfShape', ['size'], ['table']), node('Gather', ['table', 'x'], ['y'])],
      input: [value('x', 'INT64', ['N'])],
      output: [value('y', 'FP32', ['N'])],
      // The runtime works it out while loading: 320 MB.
      initializer: [int64s('size', [1], [80_000_000])],
    });
    expect(await roomy(large)).toMatchObject({
      ok: true,
      lane: 'contained',
      because: expect.stringMatching(/takes 3\d\d MB in memory/),
    });
  });

  it('contains a model whose single row takes long', async () => {
    const size = 600;
    const layers = Array.from({ length: 40 }, (_, i) => node('MatMul', [i === 0 ? 'w' : `h${i}`, 'w'], [`h${i + 1}`]));
    // The runtime would work out constants while loading: the scale ties them to the input.
    const slow = model({
      node: [
        node('ReduceMean', ['x'], ['m'], [attributes.int('keepdims', 1)]),
        node('Mul', ['w0', 'm'], ['w']),
        ...layers,
        node('ReduceMax', ['h40'], ['top'], [attributes.int('keepdims', 1)]),
        node('Add', ['x', 'top'], ['y']),
      ],
      input: [x],
      output: [y],
      initializer: [floats('w0', [size, size], new Array<number>(size * size).fill(1 / size))],
    });
    // What counts is the processor's time, of which a busy machine gives little: its runs take as long as they take.
    const patient = createModelValidator({ programPath, deadlineMs: 120_000 });
    expect(await patient(slow)).toMatchObject({
      ok: true,
      lane: 'contained',
      because: expect.stringMatching(/takes \d+ ms/),
    });
  }, 150_000);

  it('rejects a model that never ends, at the deadline', async () => {
    const impatient = createModelValidator({ programPath, deadlineMs: 1_500 });
    expect(await impatient(loopModel())).toMatchObject({ ok: false, reason: { code: 'out_of_time' } });
  });

  it('rejects a model that asks for more memory than it may have', async () => {
    const huge = model({
      node: [node('Expand', ['x', 'size'], ['y'])],
      input: [value('x', 'FP32', [1])],
      output: [value('y', 'FP32', ['A', 'B'])],
      initializer: [int64s('size', [2], [20_000, 20_000])],
    });
    expect(await validate(huge)).toMatchObject({ ok: false, reason: { code: 'out_of_memory' } });
  });

  it('rejects what the runtime cannot load, in its words', async () => {
    const unknown = model({ node: [node('NoSuchOperator', ['x'], ['y'])], input: [x], output: [y] });
    expect(await validate(unknown)).toMatchObject({
      ok: false,
      reason: { code: 'load_failed', detail: expect.stringContaining('NoSuchOperator') },
    });
  });

  it('rejects a model that runs with no size of its open dimensions', async () => {
    const broken = model({
      node: [node('Reshape', ['x', 'shape'], ['y'])],
      input: [value('x', 'FP32', ['N'])],
      output: [value('y', 'FP32', ['A'])],
      initializer: [int64s('shape', [2], [7, 11])],
    });
    expect(await validate(broken)).toMatchObject({ ok: false, reason: { code: 'run_failed' } });
  });

  it('finds a size for open dimensions that have a smallest one', async () => {
    const pooling = model({
      node: [node('MaxPool', ['x'], ['y'], [attributes.ints('kernel_shape', [8]), attributes.ints('strides', [8])])],
      input: [value('x', 'FP32', ['N', 1, 'T'])],
      output: [value('y', 'FP32', ['N', 1, 'U'])],
    });
    expect(await validate(pooling)).toMatchObject({ ok: true, lane: 'fast', signature: { batchable: true } });
  });

  it('accepts a model that refuses made-up values, without batching it', async () => {
    expect(await validate(lookupModel([]))).toMatchObject({
      ok: true,
      signature: expect.not.objectContaining({ batchable: true }),
    });
  });

  it('tells shapes as they come out, not as the exporter declared them', async () => {
    const label = model({
      node: [node('ReduceMax', ['x', 'axes'], ['y'], [attributes.int('keepdims', 0)])],
      input: [x],
      output: [value('y', 'FP32', [1])],
      initializer: [int64s('axes', [1], [1])],
    });
    expect(await validate(label)).toMatchObject({
      signature: { outputs: [{ name: 'y', shape: [-1] }], batchable: true },
    });
  });

  it('serves the tensors of a model that has maps among its outputs', async () => {
    const zipped = model(
      {
        node: [
          node('ZipMap', ['x'], ['maps'], [attributes.ints('classlabels_int64s', [0, 1])], 'ai.onnx.ml'),
          node('Identity', ['x'], ['y']),
        ],
        input: [x],
        output: [y, sequenceOfMaps('maps')],
      },
      { opsets: { 'ai.onnx.ml': 1 } },
    );
    expect(await validate(zipped)).toMatchObject({
      ok: true,
      signature: { outputs: [{ name: 'y' }, { name: 'maps', servable: false }] },
    });
  });

  it('never reads a file that a model points to', async () => {
    const leak = {
      name: 'w',
      dims: ['1'],
      dataType: 1,
      dataLocation: 1,
      externalData: [{ key: 'location', value: 'package.json' }],
    };
    const file = model({ node: [node('Add', ['x', 'w'], ['y'])], input: [x], output: [y], initializer: [leak] });
    expect(await validate(file)).toMatchObject({ ok: false, reason: { code: 'external_data' } });
  });
});

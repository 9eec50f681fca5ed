import { laneOf } from '../../../src/services/predict/validation/lane-of';
import { readOnnxModel } from '../../../src/services/predict/validation/onnx-model-reader';
import { attributes, floats, int64s, model, node, value } from '../../builders/onnx-model';
import { linearModel, loopModel, zerosModel } from '../../builders/onnx-models';

const lane = (file: Uint8Array) => laneOf(readOnnxModel(file));
const x = value('x', 'FP32', ['N', 2]);
const y = value('y', 'FP32', ['A', 'B']);
const initializer = [int64s('zero', [1], [0]), int64s('sizes', [2], [3, 2]), floats('w', [1], [1])];
const expandsTo = (...nodes: object[]) =>
  model({
    node: [...nodes.map((n) => ({ ...n })), node('Expand', ['w', 'size'], ['y'])],
    input: [x],
    output: [y],
    initializer,
  });

describe('the lane of a model', () => {
  it('is fast for plain arithmetic', () => {
    expect(lane(linearModel())).toEqual({ lane: 'fast' });
  });

  it('is contained for control flow', () => {
    expect(lane(loopModel())).toEqual({ lane: 'contained', because: 'Loop is control flow' });
  });

  it('is contained where the values of the inputs say how much memory is asked for', () => {
    expect(lane(zerosModel())).toMatchObject({
      lane: 'contained',
      because: expect.stringContaining('ConstantOfShape'),
    });
    expect(lane(expandsTo(node('Cast', ['x'], ['size'], [attributes.int('to', 7)]))).lane).toBe('contained');
  });

  it('is fast where sizes come from the file or from the shapes of the inputs', () => {
    expect(lane(expandsTo(node('Identity', ['sizes'], ['size']))).lane).toBe('fast');
    expect(lane(expandsTo(node('Shape', ['x'], ['size']))).lane).toBe('fast');
    const batchAndTwo = [
      node('Shape', ['x'], ['s']),
      node('Gather', ['s', 'zero'], ['n']),
      node('Concat', ['n', 'sizes'], ['size']),
    ];
    expect(lane(expandsTo(...batchAndTwo)).lane).toBe('fast');
  });

  it('is contained where sizes are multiplied with each other more than once', () => {
    const cube = [
      node('Shape', ['x'], ['s']),
      node('Gather', ['s', 'zero'], ['n']),
      node('Concat', ['n', 'n', 'n'], ['size']),
    ];
    expect(lane(expandsTo(...cube)).lane).toBe('contained');
    const power = [node('Shape', ['x'], ['s']), node('Pow', ['s', 'sizes'], ['size'])];
    expect(lane(expandsTo(...power)).lane).toBe('contained');
  });

  it('is contained where a size is drawn at random', () => {
    const dice = [
      node('RandomUniform', [], ['r'], [attributes.ints('shape', [1])]),
      node('Cast', ['r'], ['size'], [attributes.int('to', 7)]),
    ];
    expect(lane(expandsTo(...dice)).lane).toBe('contained');
  });

  it('is contained for functions of the file and for operators of com.microsoft that are not known to be plain', () => {
    const own = { name: 'F', domain: 'f', input: ['a'], output: ['b'], node: [node('Identity', ['a'], ['b'])] };
    const parts = { node: [node('F', ['x'], ['y'], [], 'f')], input: [x], output: [y] };
    expect(lane(model(parts, { functions: [own], opsets: { f: 1 } })).lane).toBe('contained');
    const contrib = (operator: string) =>
      model({ ...parts, node: [node(operator, ['x'], ['y'], [], 'com.microsoft')] });
    expect(lane(contrib('Gelu')).lane).toBe('fast');
    expect(lane(contrib('BeamSearch')).lane).toBe('contained');
  });

  it('is contained where a node reads what no node before it has written', () => {
    expect(lane(expandsTo()).lane).toBe('contained');
  });
});

import {
  attributes,
  bools,
  type Dimension,
  type ElementType,
  floats,
  graph,
  int64s,
  model,
  node,
  value,
} from './onnx-model';

/** Ready-made models of the tests, by what they do. */

/** y = x, for any datatype. */
export const identityModel = (type: ElementType, shape: readonly Dimension[] = ['N', 2]): Buffer =>
  model({
    node: [node('Identity', ['x'], ['y'])],
    input: [value('x', type, shape)],
    output: [value('y', type, shape)],
  });

/** y = x · w + b with four features and one result; rows do not touch each other. */
export const linearModel = (weights: readonly number[] = [1, 2, 3, 4], bias = 0.5): Buffer =>
  model({
    node: [node('Gemm', ['x', 'w', 'b'], ['y'])],
    input: [value('x', 'FP32', ['N', 4])],
    output: [value('y', 'FP32', ['N', 1])],
    initializer: [floats('w', [4, 1], weights), floats('b', [1], [bias])],
  });

/** y = x minus the mean of each column: what one caller gets depends on the rows of the others. */
export const centringModel = (): Buffer =>
  model({
    node: [node('ReduceMean', ['x', 'axes'], ['m'], [attributes.int('keepdims', 1)]), node('Sub', ['x', 'm'], ['y'])],
    input: [value('x', 'FP32', ['N', 2])],
    output: [value('y', 'FP32', ['N', 2])],
    initializer: [int64s('axes', [1], [0])],
  });

/** y[i] = table[x[i]]; the whole call fails when one index is out of range. */
export const lookupModel = (table: readonly number[] = [10, 20, 30]): Buffer =>
  model({
    node: [node('Gather', ['table', 'x'], ['y'])],
    input: [value('x', 'INT64', ['N'])],
    output: [value('y', 'FP32', ['N'])],
    initializer: [floats('table', [table.length], table)],
  });

/** A loop of `rounds` rounds. 2^62 of them never end. */
export const loopModel = (rounds = '4611686018427387904'): Buffer => {
  const body = graph({
    node: [node('Identity', ['going'], ['going_on']), node('Add', ['sum', 'one'], ['sum_out'])],
    input: [value('round', 'INT64', []), value('going', 'BOOL', []), value('sum', 'FP32', ['N'])],
    output: [value('going_on', 'BOOL', []), value('sum_out', 'FP32', ['N'])],
  });
  return model({
    node: [node('Loop', ['rounds', 'yes', 'x'], ['y'], [attributes.graph('body', body)])],
    input: [value('x', 'FP32', ['N'])],
    output: [value('y', 'FP32', ['N'])],
    initializer: [int64s('rounds', [], [rounds]), bools('yes', [], [true]), floats('one', [1], [1])],
  });
};

/** A loop of as many rounds as the caller says; the trial with zeros and ones ends at once. */
export const countingModel = (): Buffer => {
  const body = graph({
    node: [node('Identity', ['going'], ['going_on']), node('Add', ['sum', 'one'], ['sum_out'])],
    input: [value('round', 'INT64', []), value('going', 'BOOL', []), value('sum', 'FP32', [1])],
    output: [value('going_on', 'BOOL', []), value('sum_out', 'FP32', [1])],
  });
  return model({
    node: [
      node('Squeeze', ['x'], ['rounds']),
      node('Loop', ['rounds', 'yes', 'zero'], ['y'], [attributes.graph('body', body)]),
    ],
    input: [value('x', 'INT64', [1])],
    output: [value('y', 'FP32', [1])],
    initializer: [bools('yes', [], [true]), floats('one', [1], [1]), floats('zero', [1], [0])],
  });
};

/** Zeros of the shape that the caller's values name: `[200000, 200000]` asks for 160 GB. */
export const zerosModel = (): Buffer =>
  model({
    node: [node('ConstantOfShape', ['x'], ['y'])],
    input: [value('x', 'INT64', [2])],
    output: [value('y', 'FP32', ['A', 'B'])],
  });

/** y = a and b, one after the other; joined strings, with their lengths unknown to the file. */
export const joinModel = (): Buffer =>
  model({
    node: [node('StringConcat', ['a', 'b'], ['y'])],
    input: [value('a', 'BYTES', ['N']), value('b', 'BYTES', ['N'])],
    output: [value('y', 'BYTES', ['N'])],
  });

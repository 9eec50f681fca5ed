import type { ServingPlan } from './serving-plan';
import { concat, elementCount, rowCount, slice, type Tensor } from './tensors';

/** One model in memory, as the batcher sees it. */
export type BatchTarget = {
  readonly plan: ServingPlan;
  /** Runs the model, blocking. Outputs in the order of `outputs`. */
  readonly run: (inputs: readonly Tensor[], outputs: readonly string[]) => Tensor[];
};

/** A request that waits for its turn. */
export type Job = {
  readonly inputs: readonly Tensor[];
  readonly outputs: readonly string[];
  /** -1 when the inputs do not agree on their first dimension. */
  readonly rows: number;
  /** On the batcher's clock. */
  readonly deadlineAt: number;
  readonly resolve: (outputs: Tensor[]) => void;
  readonly reject: (error: unknown) => void;
  /** Shares no call: a batch with it has failed, or its rows cannot be told. */
  alone: boolean;
  /** Of a request too large for one call: what its first `doneRows` rows gave. */
  readonly parts: Tensor[][];
  doneRows: number;
};

/** The first dimension that all inputs have, or -1. */
export function commonRows(inputs: readonly Tensor[]): number {
  const [first] = inputs;
  if (!first) return -1;
  const rows = rowCount(first.shape);
  for (let i = 1; i < inputs.length; i++) if (inputs[i]?.shape[0] !== rows) return -1;
  return rows;
}

/** Whether two requests differ in nothing but their rows and values. */
export function agree(a: Job, b: Job): boolean {
  if (a.outputs !== b.outputs && a.outputs.join('\0') !== b.outputs.join('\0')) return false;
  for (let i = 0; i < a.inputs.length; i++) {
    const one = a.inputs[i]?.shape ?? [];
    const other = b.inputs[i]?.shape ?? [];
    if (one.length !== other.length) return false;
    for (let d = 1; d < one.length; d++) if (one[d] !== other[d]) return false;
  }
  return true;
}

/** The inputs of all `jobs`, row after row. */
export const joinInputs = (jobs: readonly Job[], rows: number): Tensor[] =>
  (jobs[0]?.inputs ?? []).map(({ name, datatype, shape }, index) => {
    const [, ...tail] = shape;
    const parts = jobs.map((job) => job.inputs[index]?.data ?? []);
    return { name, datatype, shape: [rows, ...tail], data: concat(datatype, parts, rows * elementCount(tail)) };
  });

/** Whether each output has one row for each row of the inputs, which a model need not keep to. */
export const isRowByRow = (outputs: readonly Tensor[], rows: number): boolean =>
  outputs.every(({ shape }) => shape.length > 0 && shape[0] === rows);

/** Rows `from` to `to` of every tensor; views of the same memory where they are numbers. */
export const sliceRows = (tensors: readonly Tensor[], from: number, to: number): Tensor[] =>
  tensors.map(({ name, datatype, shape, data }) => {
    const perRow = data.length / rowCount(shape);
    const sliced = shape.slice();
    sliced[0] = to - from;
    return { name, datatype, shape: sliced, data: slice(data, from * perRow, to * perRow) };
  });

/** The parts of one request put together again. */
export const joinOutputs = (parts: readonly (readonly Tensor[])[], rows: number): Tensor[] =>
  (parts[0] ?? []).map(({ name, datatype, shape }, index) => {
    const [, ...tail] = shape;
    const pieces = parts.map((part) => part[index]?.data ?? []);
    return { name, datatype, shape: [rows, ...tail], data: concat(datatype, pieces, rows * elementCount(tail)) };
  });

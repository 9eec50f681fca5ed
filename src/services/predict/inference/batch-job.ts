import type { ServingPlan } from './serving-plan';
import { concat, elementCount, rowCount, slice, type Tensor } from './tensors';

/** One model in memory, as the batcher sees it. */
export type BatchTarget = {
  readonly plan: ServingPlan;
  /** Runs the model, blocking. Outputs in the order of `outputs`. */
  readonly run: (inputs: readonly Tensor[], outputs: readonly string[]) => readonly Tensor[];
  /** Called when no request waits any more. */
  readonly free?: () => void;
};

export type Answer = { readonly outputs: readonly Tensor[] };

/**
 * Who waits for something, told once. In place of a promise where requests are many: that would take a microsecond of each. Neither
 * function may throw.
 */
export type Settle<T> = { readonly resolve: (value: T) => void; readonly reject: (error: unknown) => void };

/** A request that waits for its turn. */
export type Job = {
  readonly inputs: readonly Tensor[];
  readonly outputs: readonly string[];
  /** -1 when the inputs do not agree on their first dimension. */
  readonly rows: number;
  /** On the batcher's clock. */
  readonly deadlineAt: number;
  readonly done: Settle<Answer>;
  /** Shares no call: a batch with it has failed, or its rows cannot be told. */
  alone: boolean;
  /** Of a request too large for one call: what its first `doneRows` rows gave. */
  parts: (readonly Tensor[])[] | undefined;
  doneRows: number;
  /** What came of it, once it has been run. */
  outcome: Answer | { readonly error: unknown } | undefined;
};

export function settle({ done, outcome }: Job): void {
  if (!outcome) return;
  if ('outputs' in outcome) done.resolve(outcome);
  else done.reject(outcome.error);
}

/** The first dimension that all inputs have, or -1. */
export function commonRows(inputs: readonly Tensor[]): number {
  const rows = inputs[0]?.shape[0] ?? -1;
  for (let i = 1; i < inputs.length; i++) if (inputs[i]?.shape[0] !== rows) return -1;
  return rows;
}

/** Whether two requests differ in nothing but their rows and values. */
export function agree(a: Job, b: Job, rowsAreFixed: boolean): boolean {
  if (a.outputs !== b.outputs && a.outputs.join('\0') !== b.outputs.join('\0')) return false;
  if (rowsAreFixed) return true;
  for (let i = 0; i < a.inputs.length; i++) {
    const one = a.inputs[i]?.shape ?? [];
    const other = b.inputs[i]?.shape ?? [];
    if (one.length !== other.length) return false;
    for (let d = 1; d < one.length; d++) if (one[d] !== other[d]) return false;
  }
  return true;
}

/** Tensors one after the other, row after row: the inputs of several requests, or the outputs of parts of one. */
export const joinRows = (lists: readonly (readonly Tensor[])[], rows: number): Tensor[] =>
  (lists[0] ?? []).map(({ name, datatype, shape }, index) => {
    const tail = shape.slice(1);
    const parts = lists.map((list) => list[index]?.data ?? []);
    return { name, datatype, shape: [rows, ...tail], data: concat(datatype, parts, rows * elementCount(tail)) };
  });

/** Whether each output has one row for each row of the inputs, which a model need not keep to. */
export const isRowByRow = (outputs: readonly Tensor[], rows: number): boolean =>
  outputs.every(({ shape }) => shape.length > 0 && shape[0] === rows);

/** Takes rows from the front of `tensors`, some at each call; views of the same memory where they are numbers. */
export function createRowTaker(tensors: readonly Tensor[], from = 0): (rows: number) => Tensor[] {
  const perRow = tensors.map(({ data, shape }) => data.length / rowCount(shape));
  let at = from;
  // Most requests have as many rows as the one before: they can share their shapes.
  let shapes: (readonly number[])[] = [];
  let shapeRows = -1;
  return (rows) => {
    if (rows !== shapeRows) {
      shapes = tensors.map(({ shape }) => [rows, ...shape.slice(1)]);
      shapeRows = rows;
    }
    const taken = new Array<Tensor>(tensors.length);
    for (let i = 0; i < tensors.length; i++) {
      const { name, datatype, data } = tensors[i] as Tensor;
      const size = perRow[i] ?? 0;
      taken[i] = { name, datatype, shape: shapes[i] ?? [], data: slice(data, at * size, (at + rows) * size) };
    }
    at += rows;
    return taken;
  };
}

export const sliceRows = (tensors: readonly Tensor[], from: number, to: number): Tensor[] =>
  createRowTaker(tensors, from)(to - from);

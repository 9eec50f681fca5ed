import { type Datatype, datatypeInfo, type NumericData, type TensorData } from './datatypes';

export type Tensor = {
  readonly name: string;
  readonly datatype: Datatype;
  readonly shape: readonly number[];
  readonly data: TensorData;
};

/** Number of elements of `shape`; 1 for a scalar. */
export function elementCount(shape: readonly number[]): number {
  let count = 1;
  for (const dimension of shape) count *= dimension;
  return count;
}

/** Rows are the first dimension; a scalar is one row. */
export const rowCount = (shape: readonly number[]): number => shape[0] ?? 1;

/** Small tensors are cut from slabs: a buffer of its own costs more than all else that is done for a row. */
const slabBytes = 64 * 1024;
const largestCut = 4 * 1024;
let slab = new ArrayBuffer(slabBytes);
let cutBytes = 0;

/** An array of `length` zeros (empty strings for BYTES). It may be a part of a larger buffer. */
export function allocate(datatype: Datatype, length: number): TensorData {
  const { array: NumericArray, bytes } = datatypeInfo[datatype];
  if (!NumericArray) return new Array<string>(length).fill('');
  const size = length * bytes;
  if (size > largestCut) return new NumericArray(new ArrayBuffer(size));
  if (cutBytes + size > slabBytes) {
    slab = new ArrayBuffer(slabBytes);
    cutBytes = 0;
  }
  const cut = new NumericArray(slab, cutBytes, length);
  // To a multiple of the largest element.
  cutBytes += (size + 7) & ~7;
  return cut;
}

/** The elements `from` to `to`: a view for numbers, a copy for strings. */
export const slice = (data: TensorData, from: number, to: number): TensorData =>
  Array.isArray(data) ? data.slice(from, to) : data.subarray(from, to);

/** What all numeric arrays have in common. (Methods are compared bivariantly: parts are of the target's own type.) */
type Settable = { set(part: ArrayLike<number | bigint>, at: number): void };

/** `parts` one after the other. All of them are of `datatype`, and hold `length` elements together. */
export function concat(datatype: Datatype, parts: readonly TensorData[], length: number): TensorData {
  const { array: NumericArray, bytes } = datatypeInfo[datatype];
  if (!NumericArray) return parts.flatMap((part) => (Array.isArray(part) ? part : []));
  const all = new NumericArray(new ArrayBuffer(length * bytes));
  const target: Settable = all;
  let at = 0;
  for (const part of parts) {
    if (Array.isArray(part)) throw new TypeError(`strings among the parts of a ${datatype} tensor`);
    target.set(part, at);
    at += part.length;
  }
  return all;
}

/** The bytes behind `data`, without a copy. */
export const bytesOf = (data: NumericData): Uint8Array => new Uint8Array(data.buffer, data.byteOffset, data.byteLength);

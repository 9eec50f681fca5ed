import { type Datatype, datatypeInfo, type TensorData } from '../inference/datatypes';
import type { InputPlan } from '../inference/serving-plan';
import { elementCount } from '../inference/tensors';
import { checkText } from './check-values';
import { quoted, tensorFault } from './tensor-fault';

/**
 * The elements of a JSON `data` array, flat or nested as its shape, for the datatype of `input`. Numbers that JSON would round
 * come as BigInt (see `parseBody`).
 * @throws KolateError KLT_TENSOR_INVALID naming the first element that does not fit
 */
export function valuesFromJson(
  input: InputPlan,
  shape: readonly number[],
  data: readonly unknown[],
  pointer: string,
): TensorData {
  const count = elementCount(shape);
  const flat = Array.isArray(data[0]) ? flatten(input, shape, data, pointer) : data;
  if (flat.length !== count) {
    const detail = `input ${quoted(input.name)} has ${flat.length} elements; its shape [${shape}] needs ${count}`;
    throw tensorFault(`${pointer}/data`, detail);
  }
  if (input.datatype === 'BYTES') return flat.map((value, index) => textOf(input, value, index, pointer));
  const { array: NumericArray = Uint8Array, bytes } = datatypeInfo[input.datatype];
  const values = new NumericArray(new ArrayBuffer(count * bytes));
  const bad = fill[input.datatype](values, flat);
  if (bad >= 0) throw misfit(input, flat[bad], bad, pointer);
  return values;
}

/** Nested arrays are as deep as the shape, and each as long as it says: ragged ones are refused even if the count is right. */
function flatten(
  { name }: InputPlan,
  shape: readonly number[],
  data: readonly unknown[],
  pointer: string,
): readonly unknown[] {
  let level: readonly unknown[] = [data];
  for (const size of shape) {
    for (const part of level) {
      if (Array.isArray(part) && part.length === size) continue;
      const got = Array.isArray(part) ? `an array of ${part.length}` : `${typeof part}`;
      const detail = `input ${quoted(name)} is nested unlike its shape [${shape}]: ${got} where an array of ${size} belongs`;
      throw tensorFault(`${pointer}/data`, detail);
    }
    level = level.flat();
  }
  return level;
}

/** Fills `values`, and answers the index of the first element that does not fit, or -1. */
type Fill = (values: Cells, data: readonly unknown[]) => number;
type Cells = { [index: number]: number | bigint; readonly buffer: ArrayBuffer };

/** JSON has no word for these; protobuf's JSON writes them so. */
const wordsForFloats: ReadonlyMap<unknown, number> = new Map([
  ['NaN', Number.NaN],
  ['Infinity', Number.POSITIVE_INFINITY],
  ['-Infinity', Number.NEGATIVE_INFINITY],
]);

/** Floats take any number that their width can hold: one that would become infinite does not fit. */
const floats: Fill = (values, data) => {
  for (let i = 0; i < data.length; i++) {
    const value = data[i];
    if (typeof value === 'number') {
      values[i] = value;
      if (!Number.isFinite(values[i])) return i;
    } else if (typeof value === 'bigint') {
      values[i] = Number(value);
      if (!Number.isFinite(values[i])) return i;
    } else {
      const word = wordsForFloats.get(value);
      if (word === undefined) return i;
      values[i] = word;
    }
  }
  return -1;
};

/** Half floats are written as such into memory that is then seen as their bits. */
const halves: Fill = (values, data) => floats(new Float16Array(values.buffer), data);

/** Whole numbers, of which 120.0 is one, within the range of the array's elements. */
const integers: Fill = (values, data) => {
  for (let i = 0; i < data.length; i++) {
    const value = data[i];
    if (typeof value !== 'number') return i;
    values[i] = value;
    if (values[i] !== value) return i;
  }
  return -1;
};

const range64 = { INT64: [-(2n ** 63n), 2n ** 63n - 1n], UINT64: [0n, 2n ** 64n - 1n] } as const;

/** Element `index` of a 64-bit array, whose `words` are two an element, low first. */
export function writeWord(words: Int32Array, index: number, value: number): void {
  const high = Math.floor(value / 0x1_0000_0000);
  words[2 * index] = value - high * 0x1_0000_0000;
  words[2 * index + 1] = high;
}

const integers64 =
  (datatype: 'INT64' | 'UINT64'): Fill =>
  (values, data) => {
    const [least, most] = range64[datatype];
    // By words: making a BigInt of each number would cost four times as much.
    const words = new Int32Array(values.buffer);
    for (let i = 0; i < data.length; i++) {
      const value = data[i];
      if (typeof value === 'number' && Number.isSafeInteger(value) && (value >= 0 || least < 0n)) {
        writeWord(words, i, value);
      } else if (typeof value === 'bigint' && value >= least && value <= most) {
        words[2 * i] = Number(BigInt.asIntN(32, value));
        words[2 * i + 1] = Number(BigInt.asIntN(32, value >> 32n));
      } else return i;
    }
    return -1;
  };

/** Clients for other languages write 1 and 1.0 for true. */
const booleans: Fill = (values, data) => {
  for (let i = 0; i < data.length; i++) {
    const value = data[i];
    if (value === true || value === 1) values[i] = 1;
    else if (value !== false && value !== 0) return i;
  }
  return -1;
};

const fill: Readonly<Record<Exclude<Datatype, 'BYTES'>, Fill>> = {
  BOOL: booleans,
  UINT8: integers,
  UINT16: integers,
  UINT32: integers,
  UINT64: integers64('UINT64'),
  INT8: integers,
  INT16: integers,
  INT32: integers,
  INT64: integers64('INT64'),
  FP16: halves,
  FP32: floats,
  FP64: floats,
};

function textOf(input: InputPlan, value: unknown, index: number, pointer: string): string {
  if (typeof value !== 'string') throw misfit(input, value, index, pointer);
  checkText(input.name, value, index, pointer);
  return value;
}

const expectations: Readonly<Partial<Record<Datatype, string>>> = {
  BOOL: 'true or false',
  BYTES: 'a string',
  FP16: 'a number up to 65504, "NaN", "Infinity" or "-Infinity"',
  FP32: 'a number up to 3.4e38, "NaN", "Infinity" or "-Infinity"',
  FP64: 'a number, "NaN", "Infinity" or "-Infinity"',
};

function misfit({ name, datatype }: InputPlan, value: unknown, index: number, pointer: string): Error {
  const got = typeof value === 'bigint' ? String(value) : (JSON.stringify(value) ?? 'nothing');
  const short = got.length > 40 ? `${got.slice(0, 40)}…` : got;
  const { bytes } = datatypeInfo[datatype];
  const signed = datatype.startsWith('INT');
  const bits = BigInt(bytes * 8 - (signed ? 1 : 0));
  const whole = `a whole number from ${signed ? -(2n ** bits) : 0} to ${2n ** bits - 1n}`;
  const expected = expectations[datatype] ?? whole;
  const detail = `input ${quoted(name)} has ${short} at element ${index}; ${datatype} expects ${expected}`;
  return tensorFault(`${pointer}/data/${index}`, detail);
}

import { isUtf8 } from 'node:buffer';
import { datatypeInfo, type TensorData } from '../inference/datatypes';
import type { InputPlan } from '../inference/serving-plan';
import { bytesOf, elementCount, type Tensor } from '../inference/tensors';
import { checkText } from './check-values';
import { quoted, tensorFault } from './tensor-fault';

/**
 * The elements of a tensor sent as bytes: little-endian and row by row; strings each after its length in four bytes. They are
 * copied, since the runtime wants numbers at multiples of their size, and the body must not stay in memory for them.
 * @throws KolateError KLT_TENSOR_INVALID
 */
export function valuesFromBytes(
  input: InputPlan,
  shape: readonly number[],
  bytes: Uint8Array,
  pointer: string,
): TensorData {
  const count = elementCount(shape);
  const { array: NumericArray, bytes: size } = datatypeInfo[input.datatype];
  if (!NumericArray) return textsFromBytes(input, count, bytes, pointer);
  if (bytes.byteLength !== count * size) {
    const needs = `its shape [${shape}] needs ${count * size} for ${count} elements of ${input.datatype}`;
    throw tensorFault(pointer, `input ${quoted(input.name)} has ${bytes.byteLength} bytes; ${needs}`);
  }
  const copy = new Uint8Array(new ArrayBuffer(bytes.byteLength));
  copy.set(bytes);
  if (input.datatype === 'BOOL') checkBooleans(input, copy, pointer);
  return new NumericArray(copy.buffer);
}

/** Kernels take any byte for a bool; what else than 0 and 1 does is not defined. */
function checkBooleans({ name }: InputPlan, bytes: Uint8Array, pointer: string): void {
  const bad = bytes.findIndex((byte) => byte > 1);
  if (bad >= 0)
    throw tensorFault(
      pointer,
      `input ${quoted(name)} has the byte ${bytes[bad]} at element ${bad}; BOOL expects 0 or 1`,
    );
}

function textsFromBytes({ name }: InputPlan, count: number, bytes: Uint8Array, pointer: string): string[] {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const texts: string[] = [];
  let at = 0;
  while (at < buffer.length && texts.length < count) {
    const from = at + 4;
    const to = from <= buffer.length ? from + buffer.readUInt32LE(at) : Number.POSITIVE_INFINITY;
    if (to > buffer.length) {
      const detail = `input ${quoted(name)} ends within element ${texts.length}; each is its length in 4 bytes and its bytes`;
      throw tensorFault(pointer, detail);
    }
    texts.push(textFromBytes(name, buffer.subarray(from, to), texts.length, pointer));
    at = to;
  }
  if (texts.length === count && at === buffer.length) return texts;
  const rest = at < buffer.length ? `and ${buffer.length - at} bytes more` : '';
  throw tensorFault(pointer, `input ${quoted(name)} has ${texts.length} strings ${rest}; its shape needs ${count}`);
}

/** @throws KolateError KLT_TENSOR_INVALID for bytes that are not UTF-8, which the runtime would replace silently */
export function textFromBytes(name: string, bytes: Uint8Array, index: number, pointer: string): string {
  if (!isUtf8(bytes))
    throw tensorFault(pointer, `input ${quoted(name)} has bytes in element ${index} that are not UTF-8`);
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
  checkText(name, text, index, pointer);
  return text;
}

/** The elements as `valuesFromBytes` takes them. */
export function bytesFromValues({ data }: Tensor): Uint8Array {
  if (!Array.isArray(data)) return bytesOf(data);
  const parts: Buffer[] = [];
  for (const text of data) {
    const bytes = Buffer.from(text);
    const length = Buffer.allocUnsafe(4);
    length.writeUInt32LE(bytes.length);
    parts.push(length, bytes);
  }
  return Buffer.concat(parts);
}

import type { Writer } from 'protobufjs/minimal';
import { type Datatype, datatypeInfo, type NumericData, type TensorData } from '../inference/datatypes';
import type { InputPlan } from '../inference/serving-plan';
import { bytesOf, elementCount, type Tensor } from '../inference/tensors';
import { next, readVarint, type WireCursor, wireTypes } from '../wire/wire-cursor';
import { textFromBytes } from './binary-values';
import { quoted, tensorFault } from './tensor-fault';

/** The fields of InferTensorContents, by number. */
const fieldNames = [
  '',
  'bool_contents',
  'int_contents',
  'int64_contents',
  'uint_contents',
  'uint64_contents',
  'fp32_contents',
  'fp64_contents',
  'bytes_contents',
];
/** The field that holds a datatype; FP16 has none. */
const fieldOf: Readonly<Record<Exclude<Datatype, 'FP16'>, number>> = {
  BOOL: 1,
  INT8: 2,
  INT16: 2,
  INT32: 2,
  INT64: 3,
  UINT8: 4,
  UINT16: 4,
  UINT32: 4,
  UINT64: 5,
  FP32: 6,
  FP64: 7,
  BYTES: 8,
};

/**
 * The elements of an InferTensorContents, decoded into the array that the runtime takes.
 * @throws KolateError KLT_TENSOR_INVALID
 */
export function valuesFromContents(
  input: InputPlan,
  shape: readonly number[],
  contents: WireCursor,
  pointer: string,
): TensorData {
  const { name, datatype } = input;
  if (datatype === 'FP16') {
    throw tensorFault(
      pointer,
      `input ${quoted(name)} is FP16, for which there are no typed contents; send raw_input_contents`,
    );
  }
  const count = elementCount(shape);
  // Each element takes a byte or more, so that no shape can ask for more memory than the request has.
  const room = contents.end - contents.position;
  if (count > room) throw wrongCount(input, shape, 'too few', pointer);
  const sink = datatype === 'BYTES' ? textSink(name, pointer) : numberSink(input, count, pointer);
  while (next(contents)) {
    if (contents.field !== fieldOf[datatype]) {
      const got = fieldNames[contents.field] ?? `field ${contents.field}`;
      throw tensorFault(
        pointer,
        `input ${quoted(name)} has ${got}; ${datatype} expects ${fieldNames[fieldOf[datatype]]}`,
      );
    }
    if (!wiresOf(datatype).includes(contents.wire)) {
      contents.refuse(
        'malformed',
        `${fieldNames[contents.field]} of input ${quoted(name)} has the wire type ${contents.wire}`,
      );
    }
    sink.take(contents);
  }
  if (sink.count() !== count) throw wrongCount(input, shape, sink.count(), pointer);
  return sink.data;
}

const wrongCount = ({ name }: InputPlan, shape: readonly number[], got: number | 'too few', pointer: string): Error =>
  tensorFault(pointer, `input ${quoted(name)} has ${got} elements; its shape [${shape}] needs ${elementCount(shape)}`);

/** One element, or several packed. */
function wiresOf(datatype: Datatype): readonly number[] {
  if (datatype === 'BYTES') return [wireTypes.bytes];
  if (datatype === 'FP32') return [wireTypes.bytes, wireTypes.fixed32];
  if (datatype === 'FP64') return [wireTypes.bytes, wireTypes.fixed64];
  return [wireTypes.bytes, wireTypes.varint];
}

type Sink = { readonly data: TensorData; readonly take: (cursor: WireCursor) => void; readonly count: () => number };

function textSink(name: string, pointer: string): Sink {
  const data: string[] = [];
  const take = (cursor: WireCursor): void => {
    data.push(textFromBytes(name, cursor.bytes.subarray(cursor.start, cursor.stop), data.length, pointer));
  };
  return { data, take, count: () => data.length };
}

function numberSink(input: InputPlan, count: number, pointer: string): Sink {
  const { array: NumericArray = Uint8Array, bytes } = datatypeInfo[input.datatype];
  const data = new NumericArray(new ArrayBuffer(count * bytes));
  const target = new Uint8Array(data.buffer);
  let at = 0;
  /** Floats are on the wire as they are in memory. */
  const takeFixed = (cursor: WireCursor): void => {
    if (at * bytes + cursor.stop - cursor.start <= target.length) {
      target.set(cursor.bytes.subarray(cursor.start, cursor.stop), at * bytes);
    }
    at += (cursor.stop - cursor.start) / bytes;
  };
  const put = putterOf(input, data, pointer);
  const takeVarints = (cursor: WireCursor): void => {
    if (cursor.wire === wireTypes.varint) {
      if (at < count) put(cursor, at);
      at++;
      return;
    }
    const numbers = { ...cursor, position: cursor.start, end: cursor.stop };
    for (; numbers.position < numbers.end; at++) {
      readVarint(numbers);
      if (at < count) put(numbers, at);
    }
  };
  return { data, take: input.datatype.startsWith('FP') ? takeFixed : takeVarints, count: () => at };
}

/** Puts the number that a cursor has just read into an array, when it fits the datatype. */
function putterOf(
  { name, datatype }: InputPlan,
  data: NumericData,
  pointer: string,
): (cursor: WireCursor, at: number) => void {
  if (datatype === 'INT64' || datatype === 'UINT64') {
    const words = new Int32Array(data.buffer);
    return ({ low, high }, at) => {
      words[2 * at] = low;
      words[2 * at + 1] = high;
    };
  }
  return ({ low, high }, at) => {
    const value = high * 0x1_0000_0000 + (low >>> 0);
    data[at] = value;
    if (data[at] === value && (datatype !== 'BOOL' || value <= 1)) return;
    throw tensorFault(pointer, `input ${quoted(name)} has ${value} at element ${at}, which ${datatype} does not hold`);
  };
}

/** Writes `tensor` as an InferTensorContents. Not for FP16. */
export function writeContents(writer: Writer, { datatype, data }: Tensor): void {
  if (datatype === 'FP16' || data.length === 0) return;
  const field = fieldOf[datatype];
  const tag = (field << 3) | wireTypes.bytes;
  if (Array.isArray(data)) for (const text of data) writer.uint32(tag).string(text);
  else if (datatype === 'FP32' || datatype === 'FP64') writer.uint32(tag).bytes(bytesOf(data));
  else {
    writer.uint32(tag).fork();
    for (let i = 0; i < data.length; i++) writeVarint(writer, data[i] ?? 0, datatype);
    writer.ldelim();
  }
}

function writeVarint(writer: Writer, value: number | bigint, datatype: Datatype): void {
  if (typeof value === 'number') writer.int64(value);
  else if (Number.isSafeInteger(Number(value))) writer.int64(Number(value));
  else if (datatype === 'UINT64') writer.uint64(value.toString());
  else writer.int64(value.toString());
}

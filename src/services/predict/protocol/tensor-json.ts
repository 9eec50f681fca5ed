import type { Datatype, NumericData, TensorData } from '../inference/datatypes';
import type { Tensor } from '../inference/tensors';

/**
 * The elements as a JSON array with every digit of 64-bit integers. NaN becomes null and the infinities 1e999 and -1e999: these are
 * JSON, and every parser reads them as a missing value and as what they are.
 */
export function valuesToJson(datatype: Datatype, data: TensorData): string {
  if (data.length === 0) return '[]';
  if (Array.isArray(data)) return JSON.stringify(data);
  return `[${writers[datatype](data)}]`;
}

/** A tensor as the protocol writes it. */
export const tensorToJson = ({ name, datatype, shape, data }: Tensor): string =>
  `{"name":${quote(name)},"datatype":"${datatype}","shape":[${shape.join(',')}],"data":${valuesToJson(datatype, data)}}`;

export function tensorsToJson(tensors: readonly Tensor[]): string {
  let text = '[';
  for (let i = 0; i < tensors.length; i++) text += (i === 0 ? '' : ',') + tensorToJson(tensors[i] as Tensor);
  return `${text}]`;
}

const maxQuoted = 10_000;
const quoted = new Map<string, string>();

/** `name` as JSON, remembered: the names of tensors are few. */
function quote(name: string): string {
  const known = quoted.get(name);
  if (known !== undefined) return known;
  if (quoted.size >= maxQuoted) quoted.clear();
  const text = JSON.stringify(name);
  quoted.set(name, text);
  return text;
}

type Writer = (data: NumericData) => string;

/** Numbers that JSON has a notation for. */
const plain: Writer = (data) => {
  let text = `${data[0]}`;
  for (let i = 1; i < data.length; i++) text += `,${data[i]}`;
  return text;
};

const floatToJson = (value: number): string => {
  if (Number.isFinite(value)) return `${value}`;
  if (Number.isNaN(value)) return 'null';
  return value > 0 ? '1e999' : '-1e999';
};

const floats: Writer = (data) => {
  let text = floatToJson(Number(data[0]));
  for (let i = 1; i < data.length; i++) text += `,${floatToJson(Number(data[i]))}`;
  return text;
};

const halves: Writer = (data) => floats(Float32Array.from(new Float16Array(data.buffer, data.byteOffset, data.length)));

/** By their two words: most numbers are small, and a BigInt for each would cost several times as much. */
const integers64 =
  (leastHigh: number): Writer =>
  (data) => {
    const words = new Int32Array(data.buffer, data.byteOffset, data.length * 2);
    let text = '';
    for (let i = 0; i < data.length; i++) {
      const high = words[2 * i + 1] ?? 0;
      const small = high >= leastHigh && high < 0x20_0000;
      const value = small ? high * 0x1_0000_0000 + ((words[2 * i] ?? 0) >>> 0) : data[i];
      text += i === 0 ? `${value}` : `,${value}`;
    }
    return text;
  };

const booleans: Writer = (data) => {
  let text = '';
  for (let i = 0; i < data.length; i++) text += i === 0 ? `${data[i] !== 0}` : `,${data[i] !== 0}`;
  return text;
};

const writers: Readonly<Record<Datatype, Writer>> = {
  BOOL: booleans,
  UINT8: plain,
  UINT16: plain,
  UINT32: plain,
  // The words are read as signed: of an unsigned number, a negative high word is a large one.
  UINT64: integers64(0),
  INT8: plain,
  INT16: plain,
  INT32: plain,
  INT64: integers64(-0x20_0000),
  FP16: halves,
  FP32: floats,
  FP64: floats,
  BYTES: plain,
};

/** The datatypes of the Open Inference Protocol that ONNX Runtime for Node.js can carry. BF16 is not one of them. */
export const datatypes = [
  'BOOL',
  'UINT8',
  'UINT16',
  'UINT32',
  'UINT64',
  'INT8',
  'INT16',
  'INT32',
  'INT64',
  'FP16',
  'FP32',
  'FP64',
  'BYTES',
] as const;
export type Datatype = (typeof datatypes)[number];

/** Elements of a tensor in row-major order. FP16 is held as its bits in a Uint16Array, BOOL as 0 and 1. */
export type NumericData =
  | Uint8Array<ArrayBuffer>
  | Uint16Array<ArrayBuffer>
  | Uint32Array<ArrayBuffer>
  | BigUint64Array<ArrayBuffer>
  | Int8Array<ArrayBuffer>
  | Int16Array<ArrayBuffer>
  | Int32Array<ArrayBuffer>
  | BigInt64Array<ArrayBuffer>
  | Float32Array<ArrayBuffer>
  | Float64Array<ArrayBuffer>;
export type TensorData = NumericData | string[];

type NumericArray = new (buffer: ArrayBuffer, byteOffset?: number, length?: number) => NumericData;
export type DatatypeInfo = {
  /** As onnxruntime-node calls it. */
  readonly runtimeType: string;
  /** `TensorProto.DataType` of the ONNX format. */
  readonly onnxType: number;
  /** Bytes of one element; 0 for BYTES, whose elements have no fixed size. */
  readonly bytes: number;
  /** Undefined for BYTES, whose elements are strings. */
  readonly array: NumericArray | undefined;
};

const info = (runtimeType: string, onnxType: number, bytes: number, array?: NumericArray): DatatypeInfo => ({
  runtimeType,
  onnxType,
  bytes,
  array,
});

export const datatypeInfo: Readonly<Record<Datatype, DatatypeInfo>> = {
  BOOL: info('bool', 9, 1, Uint8Array),
  UINT8: info('uint8', 2, 1, Uint8Array),
  UINT16: info('uint16', 4, 2, Uint16Array),
  UINT32: info('uint32', 12, 4, Uint32Array),
  UINT64: info('uint64', 13, 8, BigUint64Array),
  INT8: info('int8', 3, 1, Int8Array),
  INT16: info('int16', 5, 2, Int16Array),
  INT32: info('int32', 6, 4, Int32Array),
  INT64: info('int64', 7, 8, BigInt64Array),
  FP16: info('float16', 10, 2, Uint16Array),
  FP32: info('float32', 1, 4, Float32Array),
  FP64: info('float64', 11, 8, Float64Array),
  BYTES: info('string', 8, 0),
};

const byOnnxType = new Map(datatypes.map((datatype) => [datatypeInfo[datatype].onnxType, datatype]));
const byRuntimeType = new Map(datatypes.map((datatype) => [datatypeInfo[datatype].runtimeType, datatype]));
const known: ReadonlySet<string> = new Set(datatypes);

export const isDatatype = (name: string): name is Datatype => known.has(name);
/** Undefined for element types that cannot be served, such as BFLOAT16 and the complex ones. */
export const datatypeOfOnnxType = (onnxType: number): Datatype | undefined => byOnnxType.get(onnxType);
export const datatypeOfRuntimeType = (runtimeType: string): Datatype | undefined => byRuntimeType.get(runtimeType);

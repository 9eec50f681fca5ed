import { join } from 'node:path';
import { loadSync, type Type } from 'protobufjs';

/** ONNX models as small as can be, written with the protobuf messages of proto/onnx.proto. */

const messages = loadSync(join(__dirname, '../../proto/onnx.proto'));
const modelProto: Type = messages.lookupType('onnx.ModelProto');

export const elementTypes = {
  FP32: 1,
  UINT8: 2,
  INT8: 3,
  UINT16: 4,
  INT16: 5,
  INT32: 6,
  INT64: 7,
  BYTES: 8,
  BOOL: 9,
  FP16: 10,
  FP64: 11,
  UINT32: 12,
  UINT64: 13,
  BF16: 16,
} as const;
export type ElementType = keyof typeof elementTypes;

type Message = Readonly<Record<string, unknown>>;
/** A number is a size, a string the name of an open one. */
export type Dimension = number | string;

/** A named tensor of a graph's inputs or outputs; without `shape` the file declares none. */
export const value = (name: string, type: ElementType, shape?: readonly Dimension[]): Message => ({
  name,
  type: {
    tensorType: {
      elemType: elementTypes[type],
      ...(shape && { shape: { dim: shape.map((d) => (typeof d === 'number' ? { dimValue: d } : { dimParam: d })) } }),
    },
  },
});

/** An output as skl2onnx writes class probabilities when ZipMap is left on: a sequence of maps. */
export const sequenceOfMaps = (name: string): Message => ({
  name,
  type: {
    sequenceType: {
      elemType: {
        mapType: { keyType: elementTypes.INT64, valueType: { tensorType: { elemType: elementTypes.FP32 } } },
      },
    },
  },
});

const dims = (shape: readonly number[]) => shape.map(String);

export const floats = (name: string, shape: readonly number[], data: readonly number[]): Message => ({
  name,
  dims: dims(shape),
  dataType: elementTypes.FP32,
  floatData: data,
});

export const int64s = (name: string, shape: readonly number[], data: readonly (number | string)[]): Message => ({
  name,
  dims: dims(shape),
  dataType: elementTypes.INT64,
  int64Data: data.map(String),
});

export const bools = (name: string, shape: readonly number[], data: readonly boolean[]): Message => ({
  name,
  dims: dims(shape),
  dataType: elementTypes.BOOL,
  int32Data: data.map(Number),
});

/** A tensor whose weights are said to be in the file `location`. */
export const externalTensor = (name: string, shape: readonly number[], location: string): Message => ({
  name,
  dims: dims(shape),
  dataType: elementTypes.FP32,
  dataLocation: 1,
  externalData: [{ key: 'location', value: location }],
});

export const attributes = {
  int: (name: string, i: number): Message => ({ name, type: 2, i: String(i) }),
  ints: (name: string, ints: readonly number[]): Message => ({ name, type: 7, ints: ints.map(String) }),
  float: (name: string, f: number): Message => ({ name, type: 1, f }),
  floats: (name: string, values: readonly number[]): Message => ({ name, type: 6, floats: values }),
  string: (name: string, text: string): Message => ({ name, type: 3, s: Buffer.from(text) }),
  strings: (name: string, texts: readonly string[]): Message => ({
    name,
    type: 8,
    strings: texts.map((text) => Buffer.from(text)),
  }),
  tensor: (name: string, t: Message): Message => ({ name, type: 4, t }),
  graph: (name: string, g: Message): Message => ({ name, type: 5, g }),
  sparse: (name: string, sparseTensor: Message): Message => ({ name, type: 11, sparseTensor }),
};

export const node = (
  opType: string,
  input: readonly string[],
  output: readonly string[],
  attribute: readonly Message[] = [],
  domain = '',
): Message => ({ opType, input, output, attribute, domain });

export type GraphParts = {
  readonly node: readonly Message[];
  readonly input: readonly Message[];
  readonly output: readonly Message[];
  readonly initializer?: readonly Message[];
  readonly sparseInitializer?: readonly Message[];
};
export const graph = (parts: GraphParts): Message => ({ name: 'g', ...parts });

export type ModelParts = {
  readonly irVersion?: number;
  readonly opsets?: Readonly<Record<string, number>>;
  readonly functions?: readonly Message[];
  readonly trainingInfo?: readonly Message[];
};

/** The bytes of a model file. */
export function model(parts: GraphParts, { irVersion = 10, opsets = {}, ...others }: ModelParts = {}): Buffer {
  const opsetImport = Object.entries({ '': 21, ...opsets }).map(([domain, version]) => ({ domain, version }));
  const message = { irVersion, opsetImport, producerName: 'kolate-test', graph: graph(parts), ...others };
  return Buffer.from(modelProto.encode(modelProto.fromObject(message)).finish());
}

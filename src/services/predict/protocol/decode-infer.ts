import type { InferRequest } from '../inference/inference-engine';
import type { ResolvedModel } from '../inference/resolved-model';
import { type ServingPlan, servingPlan } from '../inference/serving-plan';
import type { Tensor } from '../inference/tensors';
import { valuesFromBytes } from './binary-values';
import { checkComplete, checkInput, checkOutputs } from './check-input';
import { refuseNaN } from './check-values';
import { valuesFromJson } from './json-values';
import { parseBody } from './parse-body';
import { scanInfer } from './scan-infer';
import { bodyFault, quoted, tensorFault } from './tensor-fault';

/** A request to infer, checked against the signature of its model. */
export type DecodedInfer = {
  readonly id: string | undefined;
  readonly request: Required<InferRequest>;
  /** The array of inputs as it was sent, where that was JSON in its usual form. */
  readonly inputsJson: string | undefined;
  /** Whether id and `inputsJson` are known to be ASCII. */
  readonly ascii: boolean;
  /** Whether an output is answered as bytes. */
  readonly isBinary: (output: string) => boolean;
};

/** As much as any request has use for; more inputs than a model has are refused anyhow. */
const maxTensors = 10_000;
const maxRank = 64;
const none: readonly unknown[] = [];
const never = (): boolean => false;

/**
 * Decodes the body of `POST …/infer`: JSON alone, or JSON of `headerLength` bytes with the tensors after it as bytes.
 * @throws KolateError KLT_BODY_MALFORMED, KLT_TENSOR_INVALID
 */
export function decodeInfer(model: ResolvedModel, body: Buffer, headerLength?: number): DecodedInfer {
  if (headerLength !== undefined && headerLength > body.length) {
    throw bodyFault('', `Inference-Header-Content-Length is ${headerLength}, and the body has ${body.length} bytes`);
  }
  const plan = servingPlan(model.signature);
  const scanned = headerLength === undefined ? scanInfer(body, plan, model) : undefined;
  if (scanned) {
    const { id, inputs, inputsJson } = scanned;
    return { id, inputsJson, ascii: plan.asciiNames, request: { inputs, outputs: plan.outputs }, isBinary: never };
  }
  const json = headerLength === undefined ? body : body.subarray(0, headerLength);
  const message = objectAt('', parseBody(json, plan.has64Bit));
  const binary = headerLength === undefined ? undefined : { bytes: body, at: headerLength };
  const inputs = decodeInputs(model, plan, listAt('/inputs', message.inputs), binary);
  if (binary && binary.at !== body.length) {
    const detail = `${body.length - binary.at} bytes follow the last tensor; binary_data_size of all inputs is the rest of the body`;
    throw bodyFault('', detail);
  }
  const id = textAt('/id', message.id);
  return { id, inputsJson: undefined, ascii: false, ...decodeOutputs(model, plan, message, inputs) };
}

function decodeOutputs(
  model: ResolvedModel,
  plan: ServingPlan,
  message: JsonObject,
  inputs: readonly Tensor[],
): Pick<DecodedInfer, 'request' | 'isBinary'> {
  const parameters = parametersAt('/parameters', message.parameters);
  const asked = message.outputs === undefined || message.outputs === null ? none : listAt('/outputs', message.outputs);
  const binaryByDefault = flagAt('/parameters/binary_data_output', parameters?.binary_data_output) ?? false;
  if (asked.length === 0) {
    return { request: { inputs, outputs: plan.outputs }, isBinary: binaryByDefault ? () => true : never };
  }
  const binaryNames = new Set<string>();
  const names = asked.map((item, index) => {
    const pointer = `/outputs/${index}`;
    const output = objectAt(pointer, item);
    const name = textAt(`${pointer}/name`, output.name);
    if (name === undefined) throw bodyFault(`${pointer}/name`, `output ${index} has no name`);
    const options = parametersAt(`${pointer}/parameters`, output.parameters);
    if (flagAt(`${pointer}/parameters/binary_data`, options?.binary_data) ?? binaryByDefault) binaryNames.add(name);
    return name;
  });
  return {
    request: { inputs, outputs: checkOutputs(plan, model, names) },
    isBinary: binaryNames.size === 0 ? never : (name) => binaryNames.has(name),
  };
}

type BinarySection = { readonly bytes: Buffer; at: number };

function decodeInputs(
  model: ResolvedModel,
  plan: ServingPlan,
  items: readonly unknown[],
  binary: BinarySection | undefined,
): Tensor[] {
  const inputs = new Array<Tensor>(plan.inputs.length);
  for (let i = 0; i < items.length; i++) {
    const pointer = `/inputs/${i}`;
    const item = objectAt(pointer, items[i]);
    const { name, datatype } = item;
    if (typeof name !== 'string') throw bodyFault(`${pointer}/name`, `input ${i} has no name`);
    if (typeof datatype !== 'string') throw bodyFault(`${pointer}/datatype`, `input ${quoted(name)} has no datatype`);
    const shape = shapeAt(`${pointer}/shape`, name, item.shape);
    const input = checkInput(plan, model.settings, pointer, { name, datatype, shape });
    if (inputs[input.index]) throw tensorFault(`${pointer}/name`, `input ${quoted(name)} is there twice`);
    const tensor = {
      name: input.name,
      datatype: input.datatype,
      shape,
      data: dataAt(pointer, input, shape, item, binary),
    };
    if (model.settings.refuseNaN) refuseNaN(tensor, pointer);
    inputs[input.index] = tensor;
  }
  checkComplete(plan, inputs);
  return inputs;
}

function dataAt(
  pointer: string,
  input: ServingPlan['inputs'][number],
  shape: readonly number[],
  item: JsonObject,
  binary: BinarySection | undefined,
) {
  const parameters = parametersAt(`${pointer}/parameters`, item.parameters);
  const size = parameters?.binary_data_size ?? undefined;
  const data = item.data ?? undefined;
  if (parameters && 'shared_memory_region' in parameters) {
    throw tensorFault(
      `${pointer}/parameters`,
      `input ${quoted(input.name)} is in shared memory, which this server does not offer`,
    );
  }
  if (size === undefined) {
    if (Array.isArray(data)) return valuesFromJson(input, shape, data, pointer);
    const got = data === undefined ? 'has no data' : `has data of type ${typeof data}; an array is expected`;
    throw tensorFault(`${pointer}/data`, `input ${quoted(input.name)} ${got}`);
  }
  const at = `${pointer}/parameters/binary_data_size`;
  if (data !== undefined) throw tensorFault(at, `input ${quoted(input.name)} has both data and binary_data_size`);
  if (!binary)
    throw tensorFault(
      at,
      `input ${quoted(input.name)} has binary data, and the header Inference-Header-Content-Length is missing`,
    );
  if (typeof size !== 'number' || !Number.isSafeInteger(size) || size < 0) {
    throw tensorFault(
      at,
      `input ${quoted(input.name)} has the binary_data_size ${JSON.stringify(size)}; a number of bytes is expected`,
    );
  }
  const from = binary.at;
  if (from + size > binary.bytes.length) {
    const there = `${binary.bytes.length - from} bytes of the body are left for it`;
    throw tensorFault(at, `input ${quoted(input.name)} has the binary_data_size ${size}; ${there}`);
  }
  binary.at += size;
  return valuesFromBytes(input, shape, binary.bytes.subarray(from, binary.at), at);
}

type JsonObject = Readonly<Record<string, unknown>>;
const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const placeOf = (pointer: string): string => pointer || 'the body';

function objectAt(pointer: string, value: unknown): JsonObject {
  if (isObject(value)) return value;
  throw bodyFault(pointer, `${placeOf(pointer)} is not an object`);
}

function listAt(pointer: string, value: unknown): readonly unknown[] {
  if (!Array.isArray(value))
    throw bodyFault(pointer, `${placeOf(pointer)} is ${value === undefined ? 'missing' : 'not an array'}`);
  if (value.length > maxTensors)
    throw bodyFault(pointer, `${pointer} has ${value.length} items; ${maxTensors} are the most`);
  return value;
}

/** Clients write null for what they leave out. */
function textAt(pointer: string, value: unknown): string | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value === 'string') return value;
  throw bodyFault(pointer, `${pointer} is not a string`);
}

function parametersAt(pointer: string, value: unknown): JsonObject | undefined {
  return value === undefined || value === null ? undefined : objectAt(pointer, value);
}

function flagAt(pointer: string, value: unknown): boolean | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value === 'boolean') return value;
  throw bodyFault(pointer, `${pointer} is not true or false`);
}

function shapeAt(pointer: string, name: string, value: unknown): readonly number[] {
  if (!Array.isArray(value)) throw bodyFault(pointer, `input ${quoted(name)} has no shape`);
  if (value.length > maxRank || !value.every(Number.isSafeInteger)) {
    throw bodyFault(pointer, `the shape of input ${quoted(name)} is not a list of at most ${maxRank} whole numbers`);
  }
  return value as number[];
}

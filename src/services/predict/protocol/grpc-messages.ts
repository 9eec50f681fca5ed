import { Writer } from 'protobufjs/minimal';
import {
  cursorOver,
  enter,
  next,
  type Refuse,
  readVarint,
  text,
  type WireCursor,
  wireTypes,
} from '../wire/wire-cursor';
import { bytesFromValues } from './binary-values';
import type { InferAnswer } from './encode-infer';
import { writeContents } from './grpc-contents';
import type { modelMetadata } from './metadata';
import { bodyFault } from './tensor-fault';

/** The messages of proto/open_inference.proto, decoded and encoded by hand: numbers go straight into the arrays of tensors. */

/** Bytes that cannot be decoded are the caller's fault, and are told as such. */
const refuse: Refuse = (_fault, detail) => {
  throw bodyFault('', `the message is not of the protocol: ${detail}`);
};
const over = (bytes: Buffer): WireCursor => cursorOver(bytes, 0, bytes.length, refuse);

export type ModelRef = { readonly name: string; readonly version: string | undefined };

/** ModelReadyRequest and ModelMetadataRequest. */
export function decodeModelRef(bytes: Buffer): ModelRef {
  const cursor = over(bytes);
  let name = '';
  let version: string | undefined;
  while (next(cursor)) {
    if (cursor.wire !== wireTypes.bytes) continue;
    if (cursor.field === 1) name = text(cursor);
    else if (cursor.field === 2) version = text(cursor) || undefined;
  }
  return { name, version };
}

export type InputMessage = {
  readonly name: string;
  readonly datatype: string;
  readonly shape: readonly number[];
  readonly parameters: readonly string[];
  readonly contents: WireCursor | undefined;
};
export type InferMessage = {
  readonly model: ModelRef;
  readonly id: string | undefined;
  readonly inputs: readonly InputMessage[];
  readonly outputs: readonly string[];
  readonly raw: readonly Buffer[];
};

/** As many as any request has use for. */
const maxTensors = 10_000;
const maxRank = 64;

/** ModelInferRequest. @throws KolateError KLT_BODY_MALFORMED */
export function decodeInferMessage(bytes: Buffer): InferMessage {
  const cursor = over(bytes);
  const inputs: InputMessage[] = [];
  const outputs: string[] = [];
  const raw: Buffer[] = [];
  let name = '';
  let version: string | undefined;
  let id: string | undefined;
  while (next(cursor)) {
    if (cursor.wire !== wireTypes.bytes) continue;
    if (cursor.field === 1) name = text(cursor);
    else if (cursor.field === 2) version = text(cursor) || undefined;
    else if (cursor.field === 3) id = text(cursor) || undefined;
    else if (cursor.field === 5) inputs.push(decodeInput(enter(cursor)));
    else if (cursor.field === 6) outputs.push(decodeName(enter(cursor)));
    else if (cursor.field === 7) raw.push(bytes.subarray(cursor.start, cursor.stop));
    if (inputs.length + outputs.length + raw.length > 3 * maxTensors)
      refuse('malformed', `more than ${maxTensors} tensors`);
  }
  return { model: { name, version }, id, inputs, outputs, raw };
}

function decodeInput(cursor: WireCursor): InputMessage {
  let name = '';
  let datatype = '';
  let contents: WireCursor | undefined;
  const shape: number[] = [];
  const parameters: string[] = [];
  while (next(cursor)) {
    if (cursor.field === 3) decodeSizes(cursor, shape);
    else if (cursor.wire !== wireTypes.bytes) continue;
    else if (cursor.field === 1) name = text(cursor);
    else if (cursor.field === 2) datatype = text(cursor);
    else if (cursor.field === 4 && parameters.length < maxRank) parameters.push(decodeName(enter(cursor)));
    else if (cursor.field === 5) contents = enter(cursor);
  }
  return { name, datatype, shape, parameters, contents };
}

/** Adds the sizes at `cursor`, packed or one, to `shape`. */
function decodeSizes(cursor: WireCursor, shape: number[]): void {
  if (cursor.wire === wireTypes.varint) shape.push(cursor.value);
  else {
    const sizes = enter(cursor);
    while (sizes.position < sizes.end && shape.length <= maxRank) shape.push(readVarint(sizes));
  }
  if (shape.length > maxRank) refuse('malformed', `a shape of more than ${maxRank} dimensions`);
}

/** Field 1: the name of an output, or the key of a map entry. */
function decodeName(cursor: WireCursor): string {
  let name = '';
  while (next(cursor)) if (cursor.field === 1 && cursor.wire === wireTypes.bytes) name = text(cursor);
  return name;
}

const tag = (field: number, wire: number): number => (field << 3) | wire;
const bytesTag = (field: number): number => tag(field, wireTypes.bytes);

/** ServerLiveResponse, ServerReadyResponse and ModelReadyResponse. */
export const encodeFlag = (flag: boolean): Buffer => Buffer.from(flag ? [tag(1, wireTypes.varint), 1] : []);

export function encodeServerMetadata({
  name,
  version,
  extensions,
}: {
  readonly name: string;
  readonly version: string;
  readonly extensions: readonly string[];
}): Buffer {
  const writer = Writer.create().uint32(bytesTag(1)).string(name).uint32(bytesTag(2)).string(version);
  for (const extension of extensions) writer.uint32(bytesTag(3)).string(extension);
  return Buffer.from(writer.finish());
}

export function encodeModelMetadata({
  name,
  versions,
  platform,
  inputs,
  outputs,
}: ReturnType<typeof modelMetadata>): Buffer {
  const writer = Writer.create().uint32(bytesTag(1)).string(name);
  for (const version of versions) writer.uint32(bytesTag(2)).string(version);
  writer.uint32(bytesTag(3)).string(platform);
  for (const [field, tensors] of [
    [4, inputs],
    [5, outputs],
  ] as const) {
    for (const tensor of tensors) {
      writer.uint32(bytesTag(field)).fork();
      writeTensorHead(writer, tensor);
      writer.ldelim();
    }
  }
  return Buffer.from(writer.finish());
}

type TensorHead = { readonly name: string; readonly datatype: string; readonly shape: readonly number[] };

function writeTensorHead(writer: Writer, { name, datatype, shape }: TensorHead): void {
  writer.uint32(bytesTag(1)).string(name).uint32(bytesTag(2)).string(datatype);
  if (shape.length === 0) return;
  writer.uint32(bytesTag(3)).fork();
  for (const size of shape) writer.int64(size);
  writer.ldelim();
}

/** ModelInferResponse. With `raw` the outputs' elements go into raw_output_contents. */
export function encodeInferMessage({ model, id, predictionId, outputs }: InferAnswer, raw: boolean): Buffer {
  const writer = Writer.create().uint32(bytesTag(1)).string(model.model).uint32(bytesTag(2)).string(model.version);
  if (id !== undefined) writer.uint32(bytesTag(3)).string(id);
  writer.uint32(bytesTag(4)).fork().uint32(bytesTag(1)).string('prediction_id');
  writer.uint32(bytesTag(2)).fork().uint32(bytesTag(3)).string(predictionId).ldelim().ldelim();
  for (const tensor of outputs) {
    writer.uint32(bytesTag(5)).fork();
    writeTensorHead(writer, tensor);
    if (!raw) {
      writer.uint32(bytesTag(5)).fork();
      writeContents(writer, tensor);
      writer.ldelim();
    }
    writer.ldelim();
  }
  if (raw) for (const tensor of outputs) writer.uint32(bytesTag(6)).bytes(bytesFromValues(tensor));
  return Buffer.from(writer.finish());
}

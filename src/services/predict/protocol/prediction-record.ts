import { createHash } from 'node:crypto';
import { maxRecordedBytes, type OmittedTensors } from '../../../contracts/http/predictions';
import { isAscii } from '../../../platform/text/is-ascii';
import type { ResolvedModel } from '../inference/resolved-model';
import { rowCount, type Tensor } from '../inference/tensors';
import { bytesFromValues } from './binary-values';
import { tensorsToJson } from './tensor-json';

/**
 * What is kept of a prediction, small enough for a message. Tensors are JSON already, as the protocol writes them, with 64-bit
 * integers exact; or what `OmittedTensors` says.
 */
export type PredictionRecord = {
  readonly id: string;
  readonly tenantId: string;
  readonly model: string;
  readonly version: string;
  /** The caller's id of the request. */
  readonly requestId: string | undefined;
  /** By the model's setting `recordInputs`: the array of tensors, or their hash, or neither. */
  readonly inputsJson: string | undefined;
  readonly inputsSha256: string | undefined;
  readonly outputsJson: string;
  readonly rows: number;
  readonly latencyMs: number;
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly recording: ResolvedModel['settings']['recording'];
  /** Whether all of its texts are ASCII. */
  readonly ascii: boolean;
};

/**
 * Takes the record of a prediction before its answer is sent. With `recording: required` the answer waits for the promise, and is
 * an error when that is rejected; with `best-effort` neither.
 */
export type Recorder = (record: PredictionRecord) => void | Promise<void>;

export type Predicted = {
  readonly id: string;
  readonly model: ResolvedModel;
  readonly requestId: string | undefined;
  readonly inputs: readonly Tensor[];
  /** The inputs as they were sent, where that was JSON. */
  readonly inputsJson: string | undefined;
  /** Whether `inputsJson` and `requestId` are known to be ASCII. */
  readonly asciiRequest: boolean;
  readonly outputs: readonly Tensor[];
  readonly outputsJson: string;
  readonly asciiOutputs: boolean;
  readonly latencyMs: number;
  readonly at: number;
};

export function recordOf(predicted: Predicted): PredictionRecord {
  const { id, model, requestId, inputs, outputs, latencyMs, at } = predicted;
  const { recordInputs, recording } = model.settings;
  const inputsJson = recordInputs === 'full' ? boundedJson(inputs, predicted.inputsJson) : undefined;
  const asciiRequest = predicted.asciiRequest || (isAsciiOrNone(requestId) && isAsciiOrNone(inputsJson));
  return {
    id,
    tenantId: model.tenantId,
    model: model.model,
    version: model.version,
    requestId,
    inputsJson,
    inputsSha256: recordInputs === 'hash' ? hashOf(inputs) : undefined,
    outputsJson: boundedJson(outputs, predicted.outputsJson),
    rows: rowCount(inputs[0]?.shape ?? []),
    latencyMs,
    at,
    recording,
    ascii: asciiRequest && predicted.asciiOutputs,
  };
}

/** `tensors` as JSON (`json`, where that is known), or what stands for them when it is too large for a record. */
function boundedJson(tensors: readonly Tensor[], json?: string): string {
  // Each element has a character and a comma: what cannot fit is not written at all.
  if (json === undefined && countElements(tensors) * 2 > maxRecordedBytes) return omitted(tensors);
  const text = json ?? tensorsToJson(tensors);
  // A character has three bytes at most.
  const fits = text.length * 3 <= maxRecordedBytes || Buffer.byteLength(text) <= maxRecordedBytes;
  return fits ? text : omitted(tensors);
}

const countElements = (tensors: readonly Tensor[]): number => tensors.reduce((sum, { data }) => sum + data.length, 0);

function omitted(tensors: readonly Tensor[]): string {
  const instead: OmittedTensors = { omitted: 'too-large', sha256: hashOf(tensors) };
  return JSON.stringify(instead);
}

const isAsciiOrNone = (text: string | undefined): boolean => text === undefined || isAscii(text);

/**
 * SHA-256, hex, of tensors in the order of the signature: for each the JSON array of name, datatype and shape, then its elements
 * as the protocol's binary extension writes them. The same inputs give the same hash however they were sent.
 */
export function hashOf(tensors: readonly Tensor[]): string {
  const hash = createHash('sha256');
  for (const tensor of tensors) {
    hash.update(JSON.stringify([tensor.name, tensor.datatype, tensor.shape]));
    hash.update(bytesFromValues(tensor));
  }
  return hash.digest('hex');
}

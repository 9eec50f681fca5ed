import { KolateError } from '../../../contracts/errors';
import type { ResolvedModel } from '../inference/resolved-model';
import type { Tensor } from '../inference/tensors';
import { bytesFromValues } from './binary-values';
import { tensorToJson } from './tensor-json';

export type InferAnswer = {
  readonly model: ResolvedModel;
  readonly id: string | undefined;
  readonly predictionId: string;
  readonly outputs: readonly Tensor[];
};

/** JSON of more elements would not fit into one string, let alone pass a gateway. */
const maxElements = 8 * 1024 * 1024;

/** @throws KolateError KLT_INFERENCE_OUT_OF_BOUNDS when the model answered more than can be sent */
export function checkAnswerSize(outputs: readonly Tensor[]): void {
  let elements = 0;
  for (const { data } of outputs) elements += data.length;
  if (elements <= maxElements) return;
  const detail = `the model answered ${elements} elements; ${maxElements} are the most`;
  throw new KolateError('KLT_INFERENCE_OUT_OF_BOUNDS', detail);
}

const heads = new WeakMap<ResolvedModel, string>();

/** The beginning of every answer of a model. */
function headOf(model: ResolvedModel): string {
  let head = heads.get(model);
  if (head === undefined) {
    head = `{"model_name":${JSON.stringify(model.model)},"model_version":${JSON.stringify(model.version)},`;
    heads.set(model, head);
  }
  return head;
}

const envelope = ({ model, id, predictionId }: InferAnswer, outputs: string): string => {
  const echoed = id === undefined ? '' : `"id":${JSON.stringify(id)},`;
  return `${headOf(model)}${echoed}"parameters":{"prediction_id":"${predictionId}"},"outputs":${outputs}}`;
};

/** The answer as JSON; `outputsJson` is what `tensorsToJson` gave for its outputs. */
export const answerAsJson = (answer: InferAnswer, outputsJson: string): string => envelope(answer, outputsJson);

/** The answer with the outputs that `isBinary` names as bytes after the JSON, whose length goes into a header. */
export function answerAsBinary(
  answer: InferAnswer,
  isBinary: (output: string) => boolean,
): { readonly headerLength: number; readonly body: Buffer } {
  const parts: Uint8Array[] = [];
  const outputs = answer.outputs.map((tensor) => {
    if (!isBinary(tensor.name)) return tensorToJson(tensor);
    const bytes = bytesFromValues(tensor);
    parts.push(bytes);
    const { name, datatype, shape } = tensor;
    return JSON.stringify({ name, datatype, shape, parameters: { binary_data_size: bytes.byteLength } });
  });
  const header = Buffer.from(envelope(answer, `[${outputs.join(',')}]`));
  return { headerLength: header.length, body: Buffer.concat([header, ...parts]) };
}

import type { ResolvedModel } from '../inference/resolved-model';
import { servingPlan } from '../inference/serving-plan';
import type { Tensor } from '../inference/tensors';
import { valuesFromBytes } from './binary-values';
import { checkComplete, checkInput, checkOutputs } from './check-input';
import { refuseNaN } from './check-values';
import type { DecodedInfer } from './decode-infer';
import { valuesFromContents } from './grpc-contents';
import type { InferMessage, InputMessage } from './grpc-messages';
import { bodyFault, quoted, tensorFault } from './tensor-fault';

/** `raw`: the inputs came as raw_input_contents. */
export type GrpcInfer = Pick<DecodedInfer, 'id' | 'request'> & { readonly raw: boolean };

/**
 * A ModelInferRequest checked against the signature of its model.
 * @throws KolateError KLT_BODY_MALFORMED, KLT_TENSOR_INVALID
 */
export function checkInferMessage(model: ResolvedModel, message: InferMessage): GrpcInfer {
  const plan = servingPlan(model.signature);
  const raw = message.raw.length > 0;
  if (raw && message.raw.length !== message.inputs.length) {
    const detail = `raw_input_contents has ${message.raw.length} elements; the request has ${message.inputs.length} inputs`;
    throw bodyFault('/raw_input_contents', detail);
  }
  const inputs = new Array<Tensor>(plan.inputs.length);
  message.inputs.forEach((item, index) => {
    const pointer = `/inputs/${index}`;
    const input = checkInput(plan, model.settings, pointer, item);
    if (inputs[input.index]) throw tensorFault(`${pointer}/name`, `input ${quoted(item.name)} is there twice`);
    if (item.parameters.includes('shared_memory_region')) {
      throw tensorFault(pointer, `input ${quoted(item.name)} is in shared memory, which this server does not offer`);
    }
    const data = valuesOf(input, item, message.raw[index], index);
    const tensor = { name: input.name, datatype: input.datatype, shape: item.shape, data };
    if (model.settings.refuseNaN) refuseNaN(tensor, pointer);
    inputs[input.index] = tensor;
  });
  checkComplete(plan, inputs);
  return { id: message.id, request: { inputs, outputs: checkOutputs(plan, model, message.outputs) }, raw };
}

function valuesOf(
  input: Parameters<typeof valuesFromBytes>[0],
  item: InputMessage,
  raw: Buffer | undefined,
  index: number,
) {
  const { name, shape, contents } = item;
  const pointer = `/inputs/${index}/contents`;
  const hasContents = contents !== undefined && contents.position < contents.end;
  if (raw) {
    if (hasContents) throw tensorFault(pointer, `input ${quoted(name)} has both contents and raw_input_contents`);
    return valuesFromBytes(input, shape, raw, `/raw_input_contents/${index}`);
  }
  if (contents) return valuesFromContents(input, shape, contents, pointer);
  throw tensorFault(pointer, `input ${quoted(name)} has neither contents nor raw_input_contents`);
}

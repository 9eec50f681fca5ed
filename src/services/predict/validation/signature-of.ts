import type { ModelSignature, TensorSignature } from '../../../contracts/http/models';
import { datatypeOfOnnxType } from '../inference/datatypes';
import type { GraphReading } from './onnx-graph-reader';
import type { ValueReading } from './onnx-type-reader';
import { reject } from './rejection';

/** Element types that ONNX has and the runtime for Node.js cannot carry, by number. */
const otherElementTypes: Readonly<Record<number, string>> = {
  0: 'none',
  14: 'COMPLEX64',
  15: 'COMPLEX128',
  16: 'BFLOAT16',
  21: 'UINT4',
  22: 'INT4',
};

/**
 * Inputs and outputs in the words of the Open Inference Protocol. Inputs with an initializer have a default that callers do
 * not override, so they are left out.
 * @throws KolateError KLT_MODEL_REJECTED when they cannot be served
 */
export function signatureOf(graph: GraphReading): ModelSignature {
  const inputs = graph.inputs.filter(({ name }) => !graph.initializers.has(name));
  if (inputs.length === 0) reject('no_inputs', 'the model has no inputs, so there is nothing to predict from');
  if (graph.outputs.length === 0) reject('no_outputs', 'the model has no outputs');
  for (const { name, kind } of inputs) {
    if (kind !== 'tensor')
      reject('inputs_not_tensors', `input ${JSON.stringify(name)} is of kind ${kind}, not a tensor`);
  }
  const signature = { inputs: inputs.map(toSignature), outputs: graph.outputs.map(toSignature) };
  if (signature.outputs.every(({ servable }) => servable === false)) {
    const names = graph.outputs.map(({ name, kind }) => `${JSON.stringify(name)} (${kind})`).join(', ');
    const hint =
      "skl2onnx wraps probabilities in maps unless told otherwise: to_onnx(model, X, options={'zipmap': False})";
    reject('outputs_not_tensors', `no output is a tensor: ${names}`, hint);
  }
  return signature;
}

function toSignature({ name, kind, onnxType, shape }: ValueReading): TensorSignature {
  if (kind !== 'tensor') return { name, datatype: kind.toUpperCase(), shape: [-1], servable: false };
  const datatype = datatypeOfOnnxType(onnxType);
  if (!datatype) {
    const type = otherElementTypes[onnxType] ?? `number ${onnxType}`;
    const hint = 'cast it to FP32 (or another type of the Open Inference Protocol but BF16) in the exported graph';
    return reject('datatype_unsupported', `${JSON.stringify(name)} has the element type ${type}`, hint);
  }
  return shape ? { name, datatype, shape: [...shape] } : { name, datatype, shape: [-1], unranked: true };
}

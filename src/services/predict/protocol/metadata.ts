import type { TensorSignature } from '../../../contracts/http/models';
import type { ResolvedModel } from '../inference/resolved-model';

/** What the protocol lets servers say that go beyond it. */
export const extensions = ['binary_tensor_data'] as const;
/** As Triton names models that ONNX Runtime runs; clients compare it. */
const platform = 'onnxruntime_onnx';

export const serverMetadata = (version: string) => ({ name: 'kolate', version, extensions });

const tensorMetadata = ({ name, datatype, shape }: TensorSignature) => ({ name, datatype, shape });

export const modelMetadata = ({ model, version, signature }: ResolvedModel) => ({
  name: model,
  versions: [version],
  platform,
  inputs: signature.inputs.map(tensorMetadata),
  outputs: signature.outputs.filter(({ servable }) => servable !== false).map(tensorMetadata),
});

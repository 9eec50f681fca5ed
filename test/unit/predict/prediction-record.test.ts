import { maxRecordedBytes } from '../../../src/contracts/http/predictions';
import type { Tensor } from '../../../src/services/predict/inference/tensors';
import { hashOf, type Predicted, recordOf } from '../../../src/services/predict/protocol/prediction-record';
import { tensorsToJson } from '../../../src/services/predict/protocol/tensor-json';
import { linearModel } from '../../builders/onnx-models';
import { resolvedModel } from '../../builders/resolved-model';

const floats = (name: string, count: number): Tensor => ({
  name,
  datatype: 'FP32',
  shape: [1, count],
  data: new Float32Array(count).fill(0.25),
});
const model = resolvedModel(linearModel(), { settings: { recordInputs: 'full' } });

const predicted = (inputs: Tensor[], outputs: Tensor[], more: Partial<Predicted> = {}): Predicted => ({
  id: '0198a000-0000-7000-8000-000000000001',
  model,
  requestId: undefined,
  inputs,
  inputsJson: undefined,
  asciiRequest: false,
  outputs,
  outputsJson: tensorsToJson(outputs),
  asciiOutputs: true,
  latencyMs: 1,
  at: 0,
  ...more,
});
const insteadOf = (tensor: Tensor): string => JSON.stringify({ omitted: 'too-large', sha256: hashOf([tensor]) });

describe('the record of a prediction', () => {
  it('holds values that a message has room for', () => {
    const [x, y] = [floats('x', 4), floats('y', 30_000)];
    const record = recordOf(predicted([x], [y]));
    expect(record).toMatchObject({ inputsJson: tensorsToJson([x]), outputsJson: tensorsToJson([y]), ascii: true });
  });

  it.each([
    ['written as JSON', 50_000],
    ['too many to be written', 1_000_000],
  ])('holds the hash of inputs %s', (_what, count) => {
    const x = floats('x', count);
    const record = recordOf(predicted([x], [floats('y', 1)]));
    expect(record.inputsJson).toBe(insteadOf(x));
    expect(record.outputsJson).toBe(tensorsToJson([floats('y', 1)]));
  });

  it('holds the hash of inputs that came as JSON of too many bytes, though of few characters', () => {
    const x: Tensor = { name: 'x', datatype: 'BYTES', shape: [1], data: ['ü'.repeat(maxRecordedBytes / 2)] };
    const record = recordOf(predicted([x], [floats('y', 1)], { inputsJson: tensorsToJson([x]) }));
    expect(record).toMatchObject({ inputsJson: insteadOf(x), ascii: true });
  });

  it('holds the hash of outputs that are too large', () => {
    const y = floats('y', 50_000);
    expect(recordOf(predicted([floats('x', 4)], [y]))).toMatchObject({ outputsJson: insteadOf(y), rows: 1 });
  });
});

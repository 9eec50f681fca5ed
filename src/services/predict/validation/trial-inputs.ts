import type { InputPlan } from '../inference/serving-plan';
import { allocate, elementCount, type Tensor } from '../inference/tensors';

export type TrialShape = {
  readonly rows: number;
  /** For open dimensions other than the first. */
  readonly openSize: number;
  /** The next value. Whole numbers for datatypes that have only those; strings are its text. */
  readonly value: () => number;
};

/** Inputs that fit the signature, made up. */
export const trialInputs = (inputs: readonly InputPlan[], { rows, openSize, value }: TrialShape): Tensor[] =>
  inputs.map(({ name, datatype, shape }) => {
    const sizes = shape.map((size, index) => (size !== -1 ? size : index === 0 ? rows : openSize));
    const data = allocate(datatype, elementCount(sizes));
    if (Array.isArray(data)) for (let i = 0; i < data.length; i++) data[i] = String(Math.trunc(value()));
    else if (data instanceof BigInt64Array || data instanceof BigUint64Array) {
      for (let i = 0; i < data.length; i++) data[i] = BigInt(Math.abs(Math.trunc(value())));
    } else if (datatype === 'FP16') {
      for (let i = 0; i < data.length; i++) data[i] = halfOf(value());
    } else if (datatype === 'FP32' || datatype === 'FP64') for (let i = 0; i < data.length; i++) data[i] = value();
    else for (let i = 0; i < data.length; i++) data[i] = Math.abs(Math.trunc(value()));
    return { name, datatype, shape: sizes, data };
  });

const half = new DataView(new ArrayBuffer(2));
const halfOf = (number: number): number => {
  half.setFloat16(0, number);
  return half.getUint16(0);
};

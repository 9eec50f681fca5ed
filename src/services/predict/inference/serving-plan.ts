import type { ModelSignature, TensorSignature } from '../../../contracts/http/models';
import { type Datatype, isDatatype } from './datatypes';

export type InputPlan = {
  readonly name: string;
  readonly index: number;
  readonly datatype: Datatype;
  /** -1 where any size will do. */
  readonly shape: readonly number[];
  readonly unranked: boolean;
};

/** A signature made ready for the hot path. One per signature object, so that it is worked out once. */
export type ServingPlan = {
  readonly inputs: readonly InputPlan[];
  readonly inputsByName: ReadonlyMap<string, InputPlan>;
  /** All outputs that are tensors: what is answered when a request names none. Always the same array. */
  readonly outputs: readonly string[];
  readonly outputsByName: ReadonlyMap<string, TensorSignature>;
  readonly batchable: boolean;
  /** Whether any input holds integers that JSON numbers cannot. */
  readonly has64Bit: boolean;
};

const plans = new WeakMap<ModelSignature, ServingPlan>();

export function servingPlan(signature: ModelSignature): ServingPlan {
  const known = plans.get(signature);
  if (known) return known;
  const plan = makePlan(signature);
  plans.set(signature, plan);
  return plan;
}

function makePlan(signature: ModelSignature): ServingPlan {
  const inputs = signature.inputs.map(({ name, datatype, shape, unranked = false }, index): InputPlan => {
    if (!isDatatype(datatype))
      throw new TypeError(`input ${JSON.stringify(name)} has the unknown datatype ${datatype}`);
    return { name, index, datatype, shape, unranked };
  });
  const outputs = signature.outputs.filter(({ servable }) => servable !== false);
  return {
    inputs,
    inputsByName: new Map(inputs.map((input) => [input.name, input])),
    outputs: outputs.map(({ name }) => name),
    outputsByName: new Map(outputs.map((output) => [output.name, output])),
    batchable: signature.batchable === true && inputs.every(({ shape, unranked }) => shape[0] === -1 && !unranked),
    has64Bit: inputs.some(({ datatype }) => datatype === 'INT64' || datatype === 'UINT64'),
  };
}

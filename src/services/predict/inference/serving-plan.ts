import type { ModelSignature, TensorSignature } from '../../../contracts/http/models';
import { isAscii } from '../../../platform/text/is-ascii';
import { type Datatype, isDatatype } from './datatypes';

export type NumberRange = { readonly least: number; readonly most: number; readonly whole: boolean };

const whole = (least: number, most: number): NumberRange => ({ least, most, whole: true });
const float = (most: number): NumberRange => ({ least: -most, most, whole: false });
const ranges: Readonly<Partial<Record<Datatype, NumberRange>>> = {
  UINT8: whole(0, 255),
  UINT16: whole(0, 65_535),
  UINT32: whole(0, 4_294_967_295),
  INT8: whole(-128, 127),
  INT16: whole(-32_768, 32_767),
  INT32: whole(-2_147_483_648, 2_147_483_647),
  // Up to here a number is exact whatever its notation; larger ones are read with all their digits.
  INT64: whole(-999_999_999_999_999, 999_999_999_999_999),
  UINT64: whole(0, 999_999_999_999_999),
  FP32: float((2 - 2 ** -23) * 2 ** 127),
  FP64: float(Number.MAX_VALUE),
};

export type InputPlan = {
  readonly name: string;
  readonly index: number;
  readonly datatype: Datatype;
  /** -1 where any size will do. */
  readonly shape: readonly number[];
  readonly unranked: boolean;
  /** Name and datatype as bytes of JSON. */
  readonly nameJson: Uint8Array;
  readonly datatypeJson: Uint8Array;
  /** The plain JSON numbers that its elements can be; undefined where these are no numbers, or half floats. */
  readonly range: NumberRange | undefined;
};

/** A signature made ready for the hot path. One per signature object, so that it is worked out once. */
export type ServingPlan = {
  readonly inputs: readonly InputPlan[];
  readonly inputsByName: ReadonlyMap<string, InputPlan>;
  /** All outputs that are tensors: what is answered when a request names none. Always the same array. */
  readonly outputs: readonly string[];
  readonly outputsByName: ReadonlyMap<string, TensorSignature>;
  readonly batchable: boolean;
  /** Whether only the first dimensions are open, so that every row is as large as any other. */
  readonly rowsAreFixed: boolean;
  /** Whether any input holds integers that JSON numbers cannot. */
  readonly has64Bit: boolean;
  /** Whether the names of its inputs are ASCII. */
  readonly asciiNames: boolean;
  /** Whether all that it answers, as JSON, is ASCII whatever its values are. */
  readonly asciiOutputs: boolean;
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
    return {
      name,
      index,
      datatype,
      shape,
      unranked,
      nameJson: Buffer.from(JSON.stringify(name)),
      datatypeJson: Buffer.from(JSON.stringify(datatype)),
      range: ranges[datatype],
    };
  });
  const outputs = signature.outputs.filter(({ servable }) => servable !== false);
  return {
    inputs,
    inputsByName: new Map(inputs.map((input) => [input.name, input])),
    outputs: outputs.map(({ name }) => name),
    outputsByName: new Map(outputs.map((output) => [output.name, output])),
    batchable: signature.batchable === true && inputs.every(({ shape, unranked }) => shape[0] === -1 && !unranked),
    rowsAreFixed: inputs.every(({ shape, unranked }) => !unranked && !shape.includes(-1, 1)),
    has64Bit: inputs.some(({ datatype }) => datatype === 'INT64' || datatype === 'UINT64'),
    asciiNames: inputs.every(({ name }) => isAscii(name)),
    asciiOutputs: outputs.every(({ name, datatype }) => isAscii(name) && datatype !== 'BYTES'),
  };
}

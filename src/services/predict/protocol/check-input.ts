import type { ResolvedModel } from '../inference/resolved-model';
import type { InputPlan, ServingPlan } from '../inference/serving-plan';
import { elementCount, type Tensor } from '../inference/tensors';
import { listed, quoted, tensorFault } from './tensor-fault';

/** More elements than any body that we take can hold, one byte each. */
const maxElements = 2 ** 31;

/**
 * The input that `name` means, once datatype and shape fit it.
 * @throws KolateError KLT_TENSOR_INVALID
 */
export function checkInput(
  plan: ServingPlan,
  { maxRows }: ResolvedModel['settings'],
  pointer: string,
  tensor: { readonly name: string; readonly datatype: string; readonly shape: readonly number[] },
): InputPlan {
  const input = plan.inputsByName.get(tensor.name);
  if (!input) {
    const expected = listed(plan.inputsByName.keys());
    throw tensorFault(`${pointer}/name`, `the model has no input ${quoted(tensor.name)}; it has ${expected}`);
  }
  if (tensor.datatype !== input.datatype) {
    const detail = `input ${quoted(input.name)} has the datatype ${tensor.datatype}; the model expects ${input.datatype}`;
    throw tensorFault(`${pointer}/datatype`, detail);
  }
  checkShape(input, tensor.shape, `${pointer}/shape`);
  const rows = tensor.shape[0] ?? 1;
  if (rows > maxRows) {
    const detail = `input ${quoted(input.name)} has ${rows} rows; the model takes at most ${maxRows} in one request`;
    throw tensorFault(`${pointer}/shape`, detail);
  }
  return input;
}

function checkShape(input: InputPlan, shape: readonly number[], pointer: string): void {
  let fits = input.unranked || shape.length === input.shape.length;
  for (let i = 0; i < shape.length && fits; i++) {
    const size = shape[i] ?? -1;
    if (!Number.isSafeInteger(size) || size < 0) {
      throw tensorFault(
        pointer,
        `input ${quoted(input.name)} has the shape [${shape}]; sizes are whole numbers from 0`,
      );
    }
    const expected = input.unranked ? -1 : input.shape[i];
    fits = expected === -1 || expected === size;
  }
  if (!fits) {
    const detail = `input ${quoted(input.name)} has the shape [${shape}]; the model expects [${input.shape}]`;
    throw tensorFault(pointer, input.shape.includes(-1) ? `${detail}, where -1 is any size` : detail);
  }
  if (elementCount(shape) > maxElements) {
    throw tensorFault(
      pointer,
      `input ${quoted(input.name)} has the shape [${shape}], which is more than a request can hold`,
    );
  }
}

/**
 * @param given by index; what is missing may be a hole
 * @throws KolateError KLT_TENSOR_INVALID naming the inputs of the model that are not among `given`, or the one whose rows are not as
 * many as those of the others
 */
export function checkComplete(plan: ServingPlan, given: readonly Tensor[]): void {
  const missing = plan.inputs.filter(({ index }) => given[index] === undefined).map(({ name }) => name);
  if (missing.length > 0) {
    const expected = listed(plan.inputsByName.keys());
    throw tensorFault('/inputs', `the request lacks input ${listed(missing)}; the model has ${expected}`);
  }
  const odd = findOddRows(plan, given);
  if (!odd) return;
  const [first, other] = odd.map(({ name, shape }) => `input ${quoted(name)} has ${shape[0]} rows`);
  throw tensorFault('/inputs', `${other}; ${first}, and the model wants as many of each`);
}

/**
 * Two of `given` whose numbers of rows are not the same, where the model takes row after row. One row is no fault: a model may
 * put it beside each row of the others.
 */
export function findOddRows({ batchable }: ServingPlan, given: readonly Tensor[]): [Tensor, Tensor] | undefined {
  if (!batchable || given.length < 2) return undefined;
  const many = given.filter(({ shape }) => shape[0] !== 1);
  const odd = many.find(({ shape }) => shape[0] !== many[0]?.shape[0]);
  return many[0] && odd && [many[0], odd];
}

/**
 * The outputs that `names` ask for: all tensors of the model when there are none.
 * @throws KolateError KLT_TENSOR_INVALID
 */
export function checkOutputs(plan: ServingPlan, model: ResolvedModel, names: readonly string[]): readonly string[] {
  if (names.length === 0) return plan.outputs;
  names.forEach((name, index) => {
    const pointer = `/outputs/${index}/name`;
    if (names.indexOf(name) !== index) throw tensorFault(pointer, `output ${quoted(name)} is asked for twice`);
    if (plan.outputsByName.has(name)) return;
    const declared = model.signature.outputs.find((output) => output.name === name);
    const expected = `it answers ${listed(plan.outputs)}`;
    throw declared
      ? tensorFault(
          pointer,
          `output ${quoted(name)} is a ${declared.datatype.toLowerCase()}, not a tensor; ${expected}`,
        )
      : tensorFault(pointer, `the model has no output ${quoted(name)}; ${expected}`);
  });
  return names.length === plan.outputs.length && names.every((name, i) => name === plan.outputs[i])
    ? plan.outputs
    : names;
}

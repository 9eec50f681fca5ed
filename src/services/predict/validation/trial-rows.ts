import type { ModelSignature, TensorSignature } from '../../../contracts/http/models';
import { isRowByRow, sliceRows } from '../inference/batch-job';
import type { NumericData, TensorData } from '../inference/datatypes';
import type { Session } from '../inference/ort-runtime';
import { servingPlan } from '../inference/serving-plan';
import type { Tensor } from '../inference/tensors';
import { trialInputs } from './trial-inputs';

const rows = 7;
/** Sums are made in another order when rows are many; anything beyond this is another result. */
const tolerance = { relative: 1e-3, absolute: 1e-5 } as const;

/** The outputs for `rows` rows of made-up values, always the same ones; undefined when the model refuses them. */
function runRows(session: Session, signature: ModelSignature, openSize: number) {
  const { inputs, outputs } = servingPlan(signature);
  const tensors = trialInputs(inputs, { rows, openSize, value: createDice() });
  try {
    return { tensors, outputs: session.run(tensors, outputs), names: outputs };
  } catch {
    return undefined;
  }
}

/**
 * Whether each row is answered as it would be alone, so that rows of several requests can be run together: seen by running made-up
 * rows both ways. A model that centres or ranks its batch, or draws at random, does not pass.
 */
export function rowsAreIndependent(session: Session, signature: ModelSignature, openSize: number): boolean {
  if (!signature.inputs.every(({ shape, unranked }) => shape[0] === -1 && !unranked)) return false;
  const together = runRows(session, signature, openSize);
  if (!together || !isRowByRow(together.outputs, rows)) return false;
  for (let row = 0; row < rows; row++) {
    const alone = session.run(sliceRows(together.tensors, row, row + 1), together.names);
    const among = sliceRows(together.outputs, row, row + 1);
    if (!alone.every((tensor, index) => sameValues(tensor, among[index]))) return false;
  }
  return true;
}

function sameValues(a: Tensor, b: Tensor | undefined): boolean {
  if (!b || a.data.length !== b.data.length || a.shape.length !== b.shape.length) return false;
  for (let i = 0; i < a.data.length; i++) if (!close(elementAt(a.data, i), elementAt(b.data, i))) return false;
  return true;
}

const elementAt = (data: TensorData | NumericData, index: number): number | bigint | string => data[index] ?? '';

function close(a: number | bigint | string, b: number | bigint | string): boolean {
  if (typeof a !== 'number' || typeof b !== 'number') return a === b;
  if (Object.is(a, b) || (Number.isNaN(a) && Number.isNaN(b))) return true;
  return Math.abs(a - b) <= tolerance.absolute + tolerance.relative * Math.max(Math.abs(a), Math.abs(b));
}

/**
 * The signature with outputs as they are: exporters declare shapes that models do not keep to (LightGBM's label is said to be [1]
 * and is [N]), or none at all.
 */
export function withSeenShapes(session: Session, signature: ModelSignature, openSize: number): ModelSignature {
  const seen = runRows(session, signature, openSize);
  if (!seen) return signature;
  const shapes = new Map(seen.outputs.map(({ name, shape }) => [name, shape]));
  const outputs = signature.outputs.map((output) => withSeenShape(output, shapes.get(output.name)));
  return { ...signature, outputs };
}

function withSeenShape(output: TensorSignature, seen: readonly number[] | undefined): TensorSignature {
  if (!seen) return output;
  const { unranked, shape, ...rest } = output;
  if (unranked || shape.length !== seen.length) return { ...rest, shape: seen.map(() => -1) };
  return { ...rest, shape: shape.map((size, index) => (size === seen[index] ? size : -1)) };
}

/** Numbers between -2 and 2, the same ones each time. */
function createDice(): () => number {
  let state = 42;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return (state / 0x1_0000_0000) * 4 - 2;
  };
}

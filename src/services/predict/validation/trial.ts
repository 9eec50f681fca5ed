import { KolateError } from '../../../contracts/errors';
import type { Lane, ModelSignature } from '../../../contracts/http/models';
import { loadSession, type Session, warmRuntime } from '../inference/ort-runtime';
import { servingPlan } from '../inference/serving-plan';
import { elementCount } from '../inference/tensors';
import { type LaneReading, laneOf } from './lane-of';
import { type ModelReading, readOnnxModel } from './onnx-model-reader';
import { reject } from './rejection';
import { signatureOf } from './signature-of';
import { cpuMs, heavyRows, isOutOfMemory, most, slowRow, steepRows } from './trial-cost';
import { trialInputs } from './trial-inputs';
import { rowsAreIndependent, withSeenShapes } from './trial-rows';

/** `because` says why a model is contained. */
export type TrialResult = { readonly signature: ModelSignature; readonly lane: Lane; readonly because?: string };

/** Sizes tried for open dimensions other than the first, until the model runs: images and windows have a smallest size. */
const openSizes = [1, 2, 8, 16, 32, 64, 224];
/** Four open dimensions of the largest size would be ten gigabytes. */
const maxElements = 16_000_000;
/** Operators that refuse values which they do not know, so that a failed trial says nothing against the model. */
const picky: ReadonlySet<string> = new Set(
  'OneHotEncoder CategoryMapper LabelEncoder DictVectorizer ArrayFeatureExtractor Gather GatherElements GatherND OneHot'
    .split(' ')
    .flatMap((operator) => [`:${operator}`, `ai.onnx.ml:${operator}`]),
);

/**
 * Reads `file`, loads it and runs it, in this process: to be called where crashing, hanging and running out of memory harm
 * nobody.
 * @throws KolateError KLT_MODEL_REJECTED
 */
export function tryModel(file: Uint8Array): TrialResult {
  const reading = readOnnxModel(file);
  const signature = signatureOf(reading.graph);
  const { session, heavy } = loadMeasured(file);
  const lane = judge(laneOf(reading), heavy);
  checkSignature(session, signature);
  const openSize = findOpenSize(session, signature, reading);
  if (openSize === undefined) return { signature, ...lane };
  const slow = slowRow(session, servingPlan(signature), openSize);
  const seen = withSeenShapes(session, signature, openSize);
  if (slow || lane.lane === 'contained') return { signature: seen, ...judge(lane, slow) };
  const batchable = rowsAreIndependent(session, seen, openSize);
  const plan = servingPlan(seen);
  const heavyOrSteep =
    heavyRows(session, plan, openSize) ?? (batchable ? undefined : steepRows(session, plan, openSize));
  return { signature: { ...seen, batchable }, ...judge(lane, heavyOrSteep) };
}

/** `lane`, unless there is a reason to contain the model. */
const judge = (lane: LaneReading, because: string | undefined): LaneReading =>
  because === undefined || lane.lane === 'contained' ? lane : { lane: 'contained', because };

/** The model in memory, and why it is too much for the serving process, where it is. */
function loadMeasured(file: Uint8Array): { readonly session: Session; readonly heavy: string | undefined } {
  warmRuntime();
  const [ms, bytes] = [cpuMs(), process.memoryUsage.rss()];
  const session = load(file);
  const tookMs = cpuMs() - ms;
  const tookBytes = process.memoryUsage.rss() - bytes;
  if (tookMs > most.loadMs) return { session, heavy: `loading it takes ${Math.round(tookMs)} ms of a processor` };
  if (tookBytes > most.loadBytes) return { session, heavy: `it takes ${Math.round(tookBytes / 1e6)} MB in memory` };
  return { session, heavy: undefined };
}

function load(file: Uint8Array): Session {
  try {
    return loadSession(file);
  } catch (error) {
    return rejectRun(error, 'load_failed', 'the runtime could not load the model');
  }
}

/** Guards against a file that protobuf reads in another way than we do. */
function checkSignature(session: Session, signature: ModelSignature): void {
  const names = (values: readonly { name: string }[]) => JSON.stringify(values.map(({ name }) => name).sort());
  for (const side of ['inputs', 'outputs'] as const) {
    const [ours, theirs] = [names(signature[side]), names(session[side])];
    if (ours !== theirs) reject('signature_mismatch', `the file names the ${side} ${ours}, the runtime ${theirs}`);
  }
}

/** The size for open dimensions with which one row runs; undefined when the model wants values that cannot be guessed. */
function findOpenSize(session: Session, signature: ModelSignature, reading: ModelReading): number | undefined {
  const { inputs, outputs } = servingPlan(signature);
  let first: unknown;
  for (const openSize of openSizes) {
    if (inputs.some(({ shape }) => elementCount(shape.map((size) => (size === -1 ? openSize : size))) > maxElements))
      break;
    for (const number of [1, 0]) {
      try {
        session.run(trialInputs(inputs, { rows: 1, openSize, value: () => number }), outputs);
        return openSize;
      } catch (error) {
        if (isOutOfMemory(error)) rejectRun(error, 'run_failed', 'one row was too much');
        first ??= error;
      }
    }
  }
  const onlyFloats = inputs.every(({ datatype }) => datatype.startsWith('FP'));
  if (!onlyFloats || [...reading.operators].some((operator) => picky.has(operator))) return undefined;
  const hint =
    'it was tried with one row and with several sizes for the dimensions left open; fix those that must be fixed';
  return rejectRun(first, 'run_failed', 'the model could not be run', hint);
}

function rejectRun(error: unknown, code: 'load_failed' | 'run_failed', what: string, hint?: string): never {
  const detail = error instanceof KolateError ? error.detail : String(error);
  if (isOutOfMemory(error))
    reject('out_of_memory', `${what}: it asks for more memory than a model may have (${detail})`);
  return reject(code, `${what}: ${detail}`, hint);
}

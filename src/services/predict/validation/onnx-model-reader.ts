import { cursorOver, enter, next, text, type WireCursor, wireTypes } from '../wire/wire-cursor';
import { looksLikeText, refuseOtherFormats } from './file-kind';
import {
  type GraphReading,
  newTally,
  readFunction,
  readGraph,
  readTrainingInfo,
  type Tally,
} from './onnx-graph-reader';
import { reject, rejectionOf } from './rejection';

/** What a model file says about itself. Names only: weights are walked over, never copied. */
export type ModelReading = {
  readonly irVersion: number;
  /** Domain → version; the standard domain is the empty string. */
  readonly opsets: ReadonlyMap<string, number>;
  readonly graph: GraphReading;
  /** Functions that the file itself defines, as `domain:name`. */
  readonly functions: ReadonlySet<string>;
  /** Operators of the graph, its subgraphs and functions, as `domain:name`. */
  readonly operators: ReadonlySet<string>;
};

const maxBytes = 100 * 1024 * 1024;
/** What onnxruntime-node 1.30 loads; seen by trying each. */
const maxIrVersion = 13;
const maxOpset: ReadonlyMap<string, number> = new Map([
  ['', 26],
  ['ai.onnx.ml', 5],
]);
/** Domains whose operators come with the runtime. */
const runtimeDomains: ReadonlySet<string> = new Set(['', 'ai.onnx.ml', 'com.microsoft']);

/** Fields of ModelProto, and how each is encoded: what a file must begin with to be taken for ONNX at all. */
const modelFields: ReadonlyMap<number, number> = new Map([
  [1, wireTypes.varint],
  [2, wireTypes.bytes],
  [3, wireTypes.bytes],
  [4, wireTypes.bytes],
  [5, wireTypes.varint],
  [6, wireTypes.bytes],
  [7, wireTypes.bytes],
  [8, wireTypes.bytes],
  [14, wireTypes.bytes],
  [20, wireTypes.bytes],
  [25, wireTypes.bytes],
  [26, wireTypes.bytes],
]);

/**
 * Reads an ONNX model without the runtime, in time and memory linear in its size, whatever the bytes are.
 * @throws KolateError KLT_MODEL_REJECTED with the reason; see `rejectionCodes`
 */
export function readOnnxModel(file: Uint8Array): ModelReading {
  const bytes = Buffer.from(file.buffer, file.byteOffset, file.byteLength);
  if (bytes.length > maxBytes) reject('too_large', `the file has ${bytes.length} bytes; ${maxBytes} is the most`);
  refuseOtherFormats(bytes);
  const model = newModel();
  try {
    readModel(cursorOver(bytes, 0, bytes.length, reject), model);
  } catch (error) {
    if (!model.looksLikeOnnx || rejectionOf(error) === undefined) refuseAsForeign(bytes);
    throw error;
  }
  if (!model.hasGraph || model.irVersion === 0) refuseAsForeign(bytes);
  checkVersions(model);
  checkDomains(model);
  return {
    irVersion: model.irVersion,
    opsets: model.opsets,
    graph: model.tally.graph,
    functions: model.functions,
    operators: model.tally.operators,
  };
}

type Model = {
  irVersion: number;
  hasGraph: boolean;
  looksLikeOnnx: boolean;
  readonly opsets: Map<string, number>;
  readonly functions: Set<string>;
  readonly tally: Tally;
};

const newModel = (): Model => ({
  irVersion: 0,
  hasGraph: false,
  looksLikeOnnx: false,
  opsets: new Map(),
  functions: new Set(),
  tally: newTally(),
});

function readModel(cursor: WireCursor, model: Model): void {
  while (nextOfModel(cursor, model)) {
    if (cursor.field === 1 && cursor.wire === wireTypes.varint) model.irVersion = cursor.value;
    if (cursor.wire !== wireTypes.bytes) continue;
    if (cursor.field === 8) readOpset(enter(cursor), model.opsets);
    else if (cursor.field === 7) {
      // A second graph field is merged into the first by protobuf; so it is here.
      model.hasGraph = true;
      readGraph(enter(cursor), model.tally, model.tally.graph, 0);
    } else if (cursor.field === 20) readTrainingInfo(enter(cursor), model.tally);
    else if (cursor.field === 25) model.functions.add(readFunction(enter(cursor), model.tally));
  }
}

/** As `next`; notes whether the file begins as an ONNX model does, which decides how a later fault is told. */
function nextOfModel(cursor: WireCursor, model: Model): boolean {
  const first = cursor.position === 0;
  try {
    return next(cursor);
  } finally {
    if (first && modelFields.get(cursor.field) === cursor.wire) model.looksLikeOnnx = true;
  }
}

function readOpset(cursor: WireCursor, opsets: Map<string, number>): void {
  let domain = '';
  let version = 0;
  while (next(cursor)) {
    if (cursor.field === 1 && cursor.wire === wireTypes.bytes) domain = text(cursor);
    if (cursor.field === 2 && cursor.wire === wireTypes.varint) version = cursor.value;
  }
  if (opsets.size >= 1_000) reject('too_complex', 'the file imports more than 1000 operator sets');
  opsets.set(standardDomain(domain), version);
}

const standardDomain = (domain: string): string => (domain === 'ai.onnx' ? '' : domain);

function refuseAsForeign(bytes: Buffer): never {
  const hint = 'export the model to ONNX and upload the .onnx file itself';
  if (looksLikeText(bytes)) {
    const beginning = JSON.stringify(bytes.toString('latin1', 0, 24));
    reject('is_text', `the file is text beginning with ${beginning}, not an ONNX model`, hint);
  }
  return reject('not_onnx', 'the file is not an ONNX model: its bytes are not those of a ModelProto', hint);
}

function checkVersions({ irVersion, opsets }: Model): void {
  if (irVersion < 3 || irVersion > maxIrVersion) {
    const hint = `export with ir_version ${maxIrVersion} or lower, for instance by setting model.ir_version before saving`;
    reject('ir_version_unsupported', `the file has IR version ${irVersion}; 3 to ${maxIrVersion} are supported`, hint);
  }
  for (const [domain, most] of maxOpset) {
    const version = opsets.get(domain);
    if (version === undefined || (version >= 1 && version <= most)) continue;
    const name = domain || 'ai.onnx';
    const hint = `export with an opset of ${name} of at most ${most} (target_opset, opset_version)`;
    reject('opset_unsupported', `the file asks for opset ${version} of ${name}; 1 to ${most} are supported`, hint);
  }
}

function checkDomains({ tally, functions }: Model): void {
  for (const operator of tally.operators) {
    if (functions.has(operator)) continue;
    const colon = operator.lastIndexOf(':');
    const domain = operator.slice(0, colon);
    if (runtimeDomains.has(domain)) continue;
    const hint = 'export without custom operators; operators of ai.onnx, ai.onnx.ml and com.microsoft are served';
    reject('domain_unknown', `operator ${operator.slice(colon + 1)} is of the custom domain ${domain}`, hint);
  }
}

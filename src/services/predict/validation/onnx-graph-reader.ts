import { enter, next, text, type WireCursor, wireTypes } from '../wire/wire-cursor';
import { readValueInfo, type ValueReading } from './onnx-type-reader';
import { reject } from './rejection';

export type NodeReading = {
  readonly domain: string;
  readonly operator: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly hasSubgraph: boolean;
};

export type GraphReading = {
  readonly nodes: NodeReading[];
  readonly inputs: ValueReading[];
  readonly outputs: ValueReading[];
  readonly initializers: Set<string>;
};

/** What is gathered over a whole file, with the counts that bound what is kept of it. */
export type Tally = {
  readonly graph: GraphReading;
  readonly operators: Set<string>;
  /** Things kept so far: nodes, names, values. */
  kept: number;
};

export const newGraph = (): GraphReading => ({ nodes: [], inputs: [], outputs: [], initializers: new Set() });
export const newTally = (): Tally => ({ graph: newGraph(), operators: new Set(), kept: 0 });

/** Large published models have some ten thousand nodes, each with a handful of names. */
const maxKept = 2_000_000;
const maxNameBytes = 4_096;
/** Depth of subgraphs within subgraphs; protobuf itself gives up at 100 messages. */
const maxDepth = 24;

function keep(tally: Tally): void {
  if (++tally.kept > maxKept) reject('too_complex', `the file has more than ${maxKept} nodes, values and names`);
}

function name(cursor: WireCursor, tally: Tally): string {
  keep(tally);
  const bytes = cursor.stop - cursor.start;
  if (bytes > maxNameBytes) reject('too_complex', `a name of ${bytes} bytes; ${maxNameBytes} is the most`);
  return text(cursor);
}

/** Adds what a GraphProto holds to `graph`, and what its subgraphs hold to `tally` alone. */
export function readGraph(cursor: WireCursor, tally: Tally, graph: GraphReading, depth: number): void {
  if (depth > maxDepth) reject('too_complex', `subgraphs are nested deeper than ${maxDepth}`);
  while (next(cursor)) {
    if (cursor.wire !== wireTypes.bytes) continue;
    switch (cursor.field) {
      case 1:
        graph.nodes.push(readNode(enter(cursor), tally, depth));
        break;
      case 5:
        graph.initializers.add(readTensor(enter(cursor), tally));
        break;
      case 15:
        graph.initializers.add(readSparseTensor(enter(cursor), tally));
        break;
      case 11:
        keep(tally);
        graph.inputs.push(readValueInfo(enter(cursor)));
        break;
      case 12:
        keep(tally);
        graph.outputs.push(readValueInfo(enter(cursor)));
        break;
    }
  }
}

export function readNode(cursor: WireCursor, tally: Tally, depth: number): NodeReading {
  keep(tally);
  const inputs: string[] = [];
  const outputs: string[] = [];
  let operator = '';
  let domain = '';
  let hasSubgraph = false;
  while (next(cursor)) {
    if (cursor.wire !== wireTypes.bytes) continue;
    if (cursor.field === 1) inputs.push(name(cursor, tally));
    else if (cursor.field === 2) outputs.push(name(cursor, tally));
    else if (cursor.field === 4) operator = name(cursor, tally);
    else if (cursor.field === 7) domain = name(cursor, tally);
    else if (cursor.field === 5) hasSubgraph = readAttribute(enter(cursor), tally, depth) || hasSubgraph;
  }
  if (domain === 'ai.onnx') domain = '';
  tally.operators.add(`${domain}:${operator}`);
  return { domain, operator, inputs, outputs, hasSubgraph };
}

/** Whether the attribute holds a graph. Its tensors and graphs are read; its numbers and texts are walked over. */
function readAttribute(cursor: WireCursor, tally: Tally, depth: number): boolean {
  let hasSubgraph = false;
  while (next(cursor)) {
    if (cursor.wire !== wireTypes.bytes) continue;
    if (cursor.field === 6 || cursor.field === 11) {
      hasSubgraph = true;
      readGraph(enter(cursor), tally, newGraph(), depth + 1);
    } else if (cursor.field === 5 || cursor.field === 10) readTensor(enter(cursor), tally);
    else if (cursor.field === 22 || cursor.field === 23) readSparseTensor(enter(cursor), tally);
  }
  return hasSubgraph;
}

/** The name of a TensorProto, once it is known to hold its data itself. */
function readTensor(cursor: WireCursor, tally: Tally): string {
  let tensor = '';
  let external = false;
  while (next(cursor)) {
    // external_data, and any data_location but 0. The runtime would open the path, or take a memory address from it.
    if (cursor.field === 13 || (cursor.field === 14 && cursor.value !== 0)) external = true;
    else if (cursor.field === 8 && cursor.wire === wireTypes.bytes) tensor = name(cursor, tally);
  }
  if (external) {
    const hint = 'save the model as one file, with its weights inside (onnx.save with save_as_external_data=False)';
    reject('external_data', `tensor ${JSON.stringify(tensor)} keeps its data outside of the file`, hint);
  }
  return tensor;
}

function readSparseTensor(cursor: WireCursor, tally: Tally): string {
  let values = '';
  while (next(cursor)) {
    if (cursor.wire !== wireTypes.bytes) continue;
    if (cursor.field === 1) values = readTensor(enter(cursor), tally);
    else if (cursor.field === 2) readTensor(enter(cursor), tally);
  }
  return values;
}

/** Walks over the graphs of a TrainingInfoProto: the runtime ignores them, but not necessarily its next version. */
export function readTrainingInfo(cursor: WireCursor, tally: Tally): void {
  while (next(cursor)) {
    if (cursor.wire !== wireTypes.bytes) continue;
    if (cursor.field === 1 || cursor.field === 2) readGraph(enter(cursor), tally, newGraph(), 1);
  }
}

/** The function as `domain:name`; its nodes are added to `tally`. */
export function readFunction(cursor: WireCursor, tally: Tally): string {
  keep(tally);
  let functionName = '';
  let domain = '';
  while (next(cursor)) {
    if (cursor.wire !== wireTypes.bytes) continue;
    if (cursor.field === 1) functionName = name(cursor, tally);
    else if (cursor.field === 10) domain = name(cursor, tally);
    else if (cursor.field === 7) readNode(enter(cursor), tally, 0);
    else if (cursor.field === 11) readAttribute(enter(cursor), tally, 0);
  }
  return `${domain}:${functionName}`;
}

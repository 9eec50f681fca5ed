import type { Lane } from '../../../contracts/http/models';
import type { NodeReading } from './onnx-graph-reader';
import type { ModelReading } from './onnx-model-reader';

/** `because` says why a model is contained. */
export type LaneReading = { readonly lane: Lane; readonly because?: string };

/**
 * What a value is made of: known from the file, computed from the inputs' shapes, or from the inputs' values.
 * The number of a shape counts the sizes that were put together: `Concat` and `Mul` of two of them ask for their product.
 */
type Origin = number;
const constant: Origin = 0;
const fromValues: Origin = Number.POSITIVE_INFINITY;
/** [batch, sequence] is common; the square of one size is what one request can bring about with its own bytes. */
const maxSizes = 2;

/** Operators that compute sizes from sizes without making them larger than their sum. */
const sizeArithmetic: ReadonlySet<string> = new Set(
  'Gather Slice Cast Unsqueeze Squeeze Identity Reshape Add Sub Div Min Max Where Equal Flatten Concat Mul ReduceProd'.split(
    ' ',
  ),
);
const multiplying: ReadonlySet<string> = new Set(['Concat', 'Mul']);
const random: ReadonlySet<string> = new Set(
  'RandomNormal RandomUniform RandomNormalLike RandomUniformLike Multinomial Bernoulli'.split(' '),
);

/** Inputs that decide how large an operator's output is, by operator; -1 for one whose output grows with the values of any. */
const sizingInputs: Readonly<Record<string, readonly number[]>> = {
  AffineGrid: [1],
  BlackmanWindow: [0],
  CenterCropPad: [1],
  Col2Im: [1, 2],
  ConstantOfShape: [0],
  DFT: [1],
  Expand: [1],
  HammingWindow: [0],
  HannWindow: [0],
  MaxUnpool: [2],
  MelWeightMatrix: [0, 1],
  OneHot: [1],
  Pad: [1],
  Range: [0, 1, 2],
  Resize: [2, 3],
  StringSplit: [-1],
  Tile: [1],
  Upsample: [1],
};

/** Contrib operators that compute without loops and without sizes from values. All others of com.microsoft are contained. */
const plainContrib: ReadonlySet<string> = new Set(
  `FusedMatMul FusedGemm FusedConv Gelu FastGelu QuickGelu BiasGelu LayerNormalization SkipLayerNormalization
   SimplifiedLayerNormalization QLinearAdd QLinearMul QLinearSigmoid QLinearLeakyRelu QLinearGlobalAveragePool
   QLinearAveragePool QLinearConcat QLinearSoftmax DynamicQuantizeMatMul MatMulIntegerToFloat QAttention Attention
   EmbedLayerNormalization QuantizeLinear DequantizeLinear QGemm NhwcMaxPool MatMulNBits`.split(/\s+/),
);

/**
 * The lane that the graph allows: fast, in the serving process, for graphs without control flow whose sizes come from the file
 * or from the inputs' shapes; contained for the others. What cannot be told is contained.
 */
export function laneOf(model: ModelReading): LaneReading {
  if (model.functions.size > 0) return contained('it defines functions of its own');
  const origins = new Map<string, Origin>();
  for (const { name } of model.graph.inputs) origins.set(name, fromValues);
  for (const name of model.graph.initializers) origins.set(name, constant);
  for (const node of model.graph.nodes) {
    const because = reasonToContain(node, origins);
    if (because) return contained(because);
    const origin = originOf(node, origins);
    for (const output of node.outputs) origins.set(output, origin);
  }
  return { lane: 'fast' };
}

const contained = (because: string): LaneReading => ({ lane: 'contained', because });

function reasonToContain(node: NodeReading, origins: ReadonlyMap<string, Origin>): string | undefined {
  const { operator, domain, inputs, hasSubgraph } = node;
  if (hasSubgraph || operator === 'SequenceMap') return `${operator} is control flow`;
  if (domain === 'com.microsoft' && !plainContrib.has(operator)) return `${operator} is an operator of com.microsoft`;
  for (const index of sizingInputs[operator] ?? []) {
    const origin = index === -1 ? fromValues : originOfInput(inputs[index], origins);
    if (origin === fromValues) return `the output of ${operator} is as large as the values of the inputs say`;
    if (origin > maxSizes) return `the output of ${operator} is as large as the product of more than ${maxSizes} sizes`;
  }
  return undefined;
}

/** An input left out has its default, which is constant. One not computed yet is from values: nothing is known of it. */
const originOfInput = (name: string | undefined, origins: ReadonlyMap<string, Origin>): Origin =>
  name ? (origins.get(name) ?? fromValues) : constant;

function originOf({ operator, inputs }: NodeReading, origins: ReadonlyMap<string, Origin>): Origin {
  if (operator === 'Constant') return constant;
  if (operator === 'Shape' || operator === 'Size') return 1;
  if (inputs.length === 0 || random.has(operator)) return fromValues;
  let most: Origin = constant;
  let sum: Origin = 0;
  for (const input of inputs) {
    const origin = originOfInput(input, origins);
    most = Math.max(most, origin);
    sum += origin;
  }
  if (most === constant || most === fromValues) return most;
  if (!sizeArithmetic.has(operator)) return fromValues;
  return multiplying.has(operator) ? sum : most;
}

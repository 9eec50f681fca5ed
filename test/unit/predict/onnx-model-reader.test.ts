import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { readOnnxModel } from '../../../src/services/predict/validation/onnx-model-reader';
import { rejectionCodes, rejectionOf } from '../../../src/services/predict/validation/rejection';
import { signatureOf } from '../../../src/services/predict/validation/signature-of';
import {
  attributes,
  externalTensor,
  floats,
  graph,
  int64s,
  model,
  node,
  sequenceOfMaps,
  value,
} from '../../builders/onnx-model';
import { identityModel, linearModel, loopModel, zerosModel } from '../../builders/onnx-models';

const x = value('x', 'FP32', ['N', 2]);
const y = value('y', 'FP32', ['N', 2]);
const addsTo = (initializer: object) =>
  model({ node: [node('Add', ['x', 'w'], ['y'])], input: [x], output: [y], initializer: [{ ...initializer }] });

/** The reason that `file` is refused for; `served` when it is not. */
function verdict(file: Uint8Array): string {
  try {
    signatureOf(readOnnxModel(file).graph);
    return 'served';
  } catch (error) {
    return rejectionOf(error)?.code ?? `no rejection: ${String(error)}`;
  }
}
function rejection(file: Uint8Array) {
  try {
    signatureOf(readOnnxModel(file).graph);
  } catch (error) {
    return rejectionOf(error);
  }
  return undefined;
}

describe('what a model file says', () => {
  it('names inputs and outputs in the words of the protocol, with -1 for open sizes', () => {
    const file = model({
      node: [node('Identity', ['x'], ['y']), node('Identity', ['s'], ['t'])],
      input: [value('x', 'FP32', ['N', 2]), value('s', 'BYTES', [1, 'T'])],
      output: [value('y', 'FP32', ['N', 2]), value('t', 'BYTES')],
    });
    expect(signatureOf(readOnnxModel(file).graph)).toEqual({
      inputs: [
        { name: 'x', datatype: 'FP32', shape: [-1, 2] },
        { name: 's', datatype: 'BYTES', shape: [1, -1] },
      ],
      outputs: [
        { name: 'y', datatype: 'FP32', shape: [-1, 2] },
        { name: 't', datatype: 'BYTES', shape: [-1], unranked: true },
      ],
    });
  });

  it('leaves out inputs that have a default in the file', () => {
    const file = model({
      node: [node('Add', ['x', 'w'], ['y'])],
      input: [x, value('w', 'FP32', [1])],
      output: [y],
      initializer: [floats('w', [1], [1])],
    });
    expect(signatureOf(readOnnxModel(file).graph).inputs.map(({ name }) => name)).toEqual(['x']);
  });

  it('keeps maps among the outputs as not servable, as long as one output is a tensor', () => {
    const file = model({ node: [], input: [x], output: [y, sequenceOfMaps('probabilities')] });
    expect(signatureOf(readOnnxModel(file).graph).outputs[1]).toEqual({
      name: 'probabilities',
      datatype: 'SEQUENCE',
      shape: [-1],
      servable: false,
    });
  });

  it('merges a graph that is given in two parts, as protobuf does', () => {
    const parts = [
      { node: [node('Identity', ['x'], ['y'])], input: [x], output: [] },
      { node: [], input: [], output: [y] },
    ];
    const file = Buffer.concat(parts.map((part) => model(part)));
    expect(signatureOf(readOnnxModel(file).graph)).toMatchObject({ inputs: [{ name: 'x' }], outputs: [{ name: 'y' }] });
  });
});

describe('files that are not ONNX models', () => {
  it.each([
    ['is_zip', Buffer.from('PK\x03\x04 and so on')],
    ['is_gzip', gzipSync(linearModel())],
    ['is_compressed', Buffer.from('BZh91AY&SY')],
    ['is_tar', Buffer.concat([Buffer.alloc(257), Buffer.from('ustar\x0000')])],
    ['is_pickle', Buffer.from([0x80, 0x04, 0x95, 0x10, 0, 0, 0, 0, 0, 0, 0, 0x8c, 0x08])],
    ['is_pickle', Buffer.from([0x78, 0x9c, 0xed, 0x7d])],
    ['is_hdf5', Buffer.from('\x89HDF\r\n\x1a\n', 'latin1')],
    ['is_tflite', Buffer.from('\x1c\0\0\0TFL3\x14\0', 'latin1')],
    ['is_executable', Buffer.from('\x7fELF\x02\x01')],
    ['is_git_lfs_pointer', Buffer.from('version https://git-lfs.github.com/spec/v1\noid sha256:00')],
    ['is_text', Buffer.from('{"learner": {"gradient_booster": {}}}')],
    ['empty', Buffer.alloc(0)],
    ['not_onnx', Buffer.from('c3a1f0019b7e64d28812f7aa', 'hex')],
    ['not_onnx', Buffer.alloc(64)],
  ])('are told as %s', (code, file) => {
    expect(verdict(file)).toBe(code);
  });

  it('are refused as .ort by the bytes that the runtime goes by, even inside of an otherwise good model', () => {
    const file = model({ node: [node('Identity', ['x'], ['y'])], input: [x], output: [y] }, { irVersion: 10 });
    const disguised = Buffer.concat([Buffer.from([0x08, 0x0a, 0x32, 0x04]), Buffer.from('ORTM'), file]);
    expect(verdict(disguised)).toBe('is_ort_format');
  });

  it('are told as truncated when the end is missing, with the bytes that lack', () => {
    const file = linearModel();
    expect(rejection(file.subarray(0, file.length - 20))).toMatchObject({
      code: 'truncated',
      detail: expect.stringMatching(/needs \d+ bytes, and \d+ are there/),
    });
  });

  it('are refused above 100 MB before anything is read', () => {
    expect(verdict(Buffer.alloc(100 * 1024 * 1024 + 1))).toBe('too_large');
  });
});

describe('models that cannot be served', () => {
  it('are refused for an opset, an IR version or a domain that the runtime does not have', () => {
    const parts = { node: [node('Identity', ['x'], ['y'])], input: [x], output: [y] };
    expect(rejection(model(parts, { opsets: { '': 27 } }))).toMatchObject({
      code: 'opset_unsupported',
      detail: 'the file asks for opset 27 of ai.onnx; 1 to 26 are supported',
    });
    expect(verdict(model(parts, { opsets: { 'ai.onnx.ml': 6 } }))).toBe('opset_unsupported');
    expect(verdict(model(parts, { irVersion: 14 }))).toBe('ir_version_unsupported');
    expect(verdict(model(parts, { irVersion: 13 }))).toBe('served');
    const custom = model({ node: [node('Secret', ['x'], ['y'], [], 'acme.ops')], input: [x], output: [y] });
    expect(rejection(custom)).toMatchObject({
      code: 'domain_unknown',
      detail: 'operator Secret is of the custom domain acme.ops',
    });
  });

  it('are served with operators that they define themselves', () => {
    const twice = {
      name: 'Twice',
      domain: 'acme.ops',
      input: ['a'],
      output: ['b'],
      node: [node('Add', ['a', 'a'], ['b'])],
    };
    const parts = { node: [node('Twice', ['x'], ['y'], [], 'acme.ops')], input: [x], output: [y] };
    expect(verdict(model(parts, { functions: [twice], opsets: { 'acme.ops': 1 } }))).toBe('served');
  });

  it('are refused for element types that the runtime cannot carry', () => {
    expect(rejection(identityModel('BF16'))).toMatchObject({
      code: 'datatype_unsupported',
      detail: '"x" has the element type BFLOAT16',
    });
  });

  it('are refused when nothing goes in, or nothing that comes out is a tensor', () => {
    expect(verdict(model({ node: [], input: [], output: [y] }))).toBe('no_inputs');
    expect(verdict(model({ node: [], input: [x], output: [] }))).toBe('no_outputs');
    expect(verdict(model({ node: [], input: [sequenceOfMaps('x')], output: [y] }))).toBe('inputs_not_tensors');
    expect(rejection(model({ node: [], input: [x], output: [sequenceOfMaps('p')] }))).toMatchObject({
      code: 'outputs_not_tensors',
      hint: expect.stringContaining("'zipmap': False"),
    });
  });
});

describe('weights outside of the file', () => {
  const secret = externalTensor('w', [1], '../../etc/passwd');
  const inBranch = graph({ node: [], input: [], output: [y], initializer: [secret] });
  const asIs = { node: [node('Identity', ['x'], ['y'])], input: [x], output: [y] };
  const withAttribute = (attribute: object) =>
    model({ ...asIs, node: [node('Identity', ['x'], ['y'], [{ ...attribute }])] });

  it.each([
    ['an initializer', addsTo(secret)],
    ['an initializer without a location, marked external', addsTo({ ...floats('w', [1], [1]), dataLocation: 1 })],
    ['an initializer with a location, not marked external', addsTo({ ...secret, dataLocation: 0 })],
    ['the value of a constant', withAttribute(attributes.tensor('value', secret))],
    ['a list of tensors', withAttribute({ name: 'v', type: 9, tensors: [secret] })],
    ['a subgraph', withAttribute(attributes.graph('then_branch', inBranch))],
    [
      'a subgraph of a subgraph',
      withAttribute(
        attributes.graph(
          'body',
          graph({ ...asIs, node: [node('If', ['x'], ['y'], [attributes.graph('then_branch', inBranch)])] }),
        ),
      ),
    ],
    ['a list of graphs', withAttribute({ name: 'v', type: 10, graphs: [inBranch] })],
    ['sparse values', model({ ...asIs, sparseInitializer: [{ values: secret, dims: ['1'] }] })],
    ['sparse indices', model({ ...asIs, sparseInitializer: [{ values: floats('w', [1], [1]), indices: secret }] })],
    ['a sparse attribute', withAttribute(attributes.sparse('sparse_value', { values: secret, dims: ['1'] }))],
    ['a list of sparse tensors', withAttribute({ name: 'v', type: 12, sparseTensors: [{ values: secret }] })],
    [
      'a function',
      model(asIs, {
        functions: [
          { name: 'F', domain: 'f', node: [node('Constant', [], ['c'], [attributes.tensor('value', secret)])] },
        ],
      }),
    ],
    [
      'a default of a function',
      model(asIs, { functions: [{ name: 'F', domain: 'f', attributeProto: [attributes.tensor('value', secret)] }] }),
    ],
    ['training information', model(asIs, { trainingInfo: [{ algorithm: inBranch }] })],
  ])('are refused in %s', (_where, file) => {
    expect(verdict(file)).toBe('external_data');
  });
});

describe('hostile bytes', () => {
  it('that nest graphs without end are refused', () => {
    let body = graph({ node: [], input: [], output: [y] });
    for (let depth = 0; depth < 28; depth++) {
      body = graph({
        node: [node('If', ['x'], ['y'], [attributes.graph('then_branch', body)])],
        input: [],
        output: [y],
      });
    }
    const file = model({
      node: [node('If', ['x'], ['y'], [attributes.graph('then_branch', body)])],
      input: [x],
      output: [y],
    });
    expect(verdict(file)).toBe('too_complex');
  });

  it('that hold millions of empty nodes are refused before they fill the memory', () => {
    const nodes = Buffer.alloc(6_000_000, Buffer.from([0x0a, 0x00]));
    const length = Buffer.from([
      0x80 | (nodes.length & 0x7f),
      0x80 | ((nodes.length >> 7) & 0x7f),
      0x80 | ((nodes.length >> 14) & 0x7f),
      nodes.length >> 21,
    ]);
    expect(verdict(Buffer.concat([Buffer.from([0x08, 0x0a, 0x3a]), length, nodes]))).toBe('too_complex');
  });

  it('whatever they are get a reason, never a crash', () => {
    const files = [linearModel(), loopModel(), zerosModel(), identityModel('BYTES'), addsTo(int64s('w', [1], [1]))];
    const mutated = fc
      .tuple(fc.constantFrom(...files), fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 8 }), fc.nat())
      .map(([file, edits, cut]) => {
        const bytes = Buffer.from(file);
        for (const [at, byte] of edits) bytes[at % bytes.length] = byte;
        return cut % 3 === 0 ? bytes.subarray(0, cut % bytes.length) : bytes;
      });
    const known: readonly string[] = ['served', ...rejectionCodes];
    fc.assert(
      fc.property(fc.oneof(mutated, fc.uint8Array({ maxLength: 200 })), (bytes) => known.includes(verdict(bytes))),
      { numRuns: 5_000 },
    );
  });
});

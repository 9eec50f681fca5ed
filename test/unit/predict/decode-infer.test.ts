import fc from 'fast-check';
import { KolateError } from '../../../src/contracts/errors';
import type { ResolvedModel } from '../../../src/services/predict/inference/resolved-model';
import { decodeInfer } from '../../../src/services/predict/protocol/decode-infer';
import type { ElementType } from '../../builders/onnx-model';
import { identityModel, joinModel, linearModel } from '../../builders/onnx-models';
import { resolvedModel } from '../../builders/resolved-model';

const linear = resolvedModel(linearModel());
const of = (type: ElementType) => resolvedModel(identityModel(type));
const x = { name: 'x', datatype: 'FP32', shape: [1, 4], data: [1, 2, 3, 4] };
const body = (message: unknown) => Buffer.from(typeof message === 'string' ? message : JSON.stringify(message));
const text = (name: string, data: string[]) => ({ name, datatype: 'BYTES', shape: [data.length], data });
const decode = (model: ResolvedModel, message: unknown) => decodeInfer(model, body(message));

function fault(model: ResolvedModel, message: unknown, headerLength?: number) {
  try {
    decodeInfer(model, Buffer.isBuffer(message) ? message : body(message), headerLength);
  } catch (error) {
    if (!(error instanceof KolateError)) throw error;
    const { status, detail, options } = error;
    const [first] = options.errors ?? [];
    return { status, detail, at: first && 'pointer' in first ? first.pointer : undefined };
  }
  return undefined;
}

describe('a JSON request', () => {
  it('is decoded into tensors in the order of the signature', () => {
    const joined = resolvedModel(joinModel());
    const { id, request } = decode(joined, { id: 'r1', inputs: [text('b', ['2']), text('a', ['1'])] });
    expect(id).toBe('r1');
    expect(request.inputs.map(({ name, data }) => [name, data])).toEqual([
      ['a', ['1']],
      ['b', ['2']],
    ]);
    expect(request.outputs).toEqual(['y']);
  });

  it('may nest its data as its shape says, and leave things out with null', () => {
    const message = {
      id: null,
      parameters: null,
      outputs: null,
      inputs: [
        {
          ...x,
          shape: [2, 4],
          parameters: null,
          data: [
            [1, 2, 3, 4],
            [5, 6, 7, 8],
          ],
        },
      ],
    };
    const { id, request } = decode(linear, message);
    expect(id).toBeUndefined();
    expect(request.inputs[0]?.data).toEqual(Float32Array.of(1, 2, 3, 4, 5, 6, 7, 8));
  });

  it.each<[ElementType, unknown[], ArrayLike<unknown>]>([
    ['BOOL', [true, 1.0], Uint8Array.of(1, 1)],
    ['UINT8', [0, 255], Uint8Array.of(0, 255)],
    ['INT8', [-128, 127.0], Int8Array.of(-128, 127)],
    ['UINT32', [0, 4_294_967_295], Uint32Array.of(0, 4_294_967_295)],
    ['INT64', [120.0, -1], BigInt64Array.of(120n, -1n)],
    ['FP16', [1, 65_504], Uint16Array.of(0x3c00, 0x7bff)],
    ['FP32', [0.1, 'NaN'], Float32Array.of(0.1, Number.NaN)],
    ['FP64', ['Infinity', '-Infinity'], Float64Array.of(Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY)],
    ['BYTES', ['grüße', ''], ['grüße', '']],
  ])('takes %s as clients write it', (datatype, data, expected) => {
    const { request } = decode(of(datatype), { inputs: [{ name: 'x', datatype, shape: [1, 2], data }] });
    expect(request.inputs[0]?.data).toEqual(expected);
  });

  it('keeps 64-bit integers exact in any notation', () => {
    const send = (datatype: 'INT64' | 'UINT64', data: string) =>
      decode(of(datatype), `{"inputs":[{"name":"x","datatype":"${datatype}","shape":[1,2],"data":[${data}]}]}`).request
        .inputs[0]?.data;
    expect(send('INT64', '9223372036854775807, -9223372036854775808')).toEqual(
      BigInt64Array.of(2n ** 63n - 1n, -(2n ** 63n)),
    );
    expect(send('UINT64', '18446744073709551615, 9007199254740993')).toEqual(
      BigUint64Array.of(2n ** 64n - 1n, 2n ** 53n + 1n),
    );
    expect(send('INT64', '9.007199254740993e15, 1e18')).toEqual(BigInt64Array.of(2n ** 53n + 1n, 10n ** 18n));
    expect(send('INT64', '-4294967297, 9007199254740993.0')).toEqual(BigInt64Array.of(-4_294_967_297n, 2n ** 53n + 1n));
  });

  it('says which outputs are wanted, and how', () => {
    const all = decode(linear, { inputs: [x], parameters: { binary_data_output: true } });
    expect([all.request.outputs, all.isBinary('y')]).toEqual([['y'], true]);
    const one = decode(linear, {
      inputs: [x],
      parameters: { binary_data_output: true },
      outputs: [{ name: 'y', parameters: { binary_data: false } }],
    });
    expect(one.isBinary('y')).toBe(false);
  });
});

it('names the input whose rows are not as many as those of the others', () => {
  const byRows = resolvedModel(joinModel());
  const uneven = { inputs: [text('b', ['1', '2', '3']), text('a', ['1', '2'])] };
  expect(fault(byRows, uneven)).toEqual({
    status: 400,
    detail: 'input "b" has 3 rows; input "a" has 2 rows, and the model wants as many of each',
    at: '/inputs',
  });
  // One row may be meant for each of the others, and a model whose rows are not told apart decides for itself.
  expect(fault(byRows, { inputs: [text('a', ['1']), text('b', ['1', '2'])] })).toBeUndefined();
  expect(fault(resolvedModel(joinModel(), { batchable: false }), uneven)).toBeUndefined();
});

describe('a request that does not fit is told what, what was sent, and what is expected', () => {
  it.each<[string, ResolvedModel, unknown, string, string]>([
    [
      'an unknown input',
      linear,
      { inputs: [{ ...x, name: 'z' }] },
      '/inputs/0/name',
      'the model has no input "z"; it has "x"',
    ],
    ['a missing input', linear, { inputs: [] }, '/inputs', 'the request lacks input "x"; the model has "x"'],
    ['an input given twice', linear, { inputs: [x, x] }, '/inputs/1/name', 'input "x" is there twice'],
    [
      'a wrong datatype',
      linear,
      { inputs: [{ ...x, datatype: 'INT64' }] },
      '/inputs/0/datatype',
      'input "x" has the datatype INT64; the model expects FP32',
    ],
    [
      'a wrong size',
      linear,
      { inputs: [{ ...x, shape: [1, 3] }] },
      '/inputs/0/shape',
      'input "x" has the shape [1,3]; the model expects [-1,4], where -1 is any size',
    ],
    [
      'a wrong rank',
      linear,
      { inputs: [{ ...x, shape: [4] }] },
      '/inputs/0/shape',
      'input "x" has the shape [4]; the model expects [-1,4], where -1 is any size',
    ],
    [
      'a negative size',
      linear,
      { inputs: [{ ...x, shape: [-1, 4] }] },
      '/inputs/0/shape',
      'input "x" has the shape [-1,4]; sizes are whole numbers from 0',
    ],
    [
      'an impossible size',
      linear,
      { inputs: [{ ...x, shape: [2 ** 40, 4] }] },
      '/inputs/0/shape',
      'input "x" has the shape [1099511627776,4], which is more than a request can hold',
    ],
    [
      'too few elements',
      linear,
      { inputs: [{ ...x, data: [1] }] },
      '/inputs/0/data',
      'input "x" has 1 elements; its shape [1,4] needs 4',
    ],
    [
      'ragged nesting',
      linear,
      {
        inputs: [
          {
            ...x,
            shape: [2, 4],
            data: [
              [1, 2, 3],
              [4, 5, 6, 7, 8],
            ],
          },
        ],
      },
      '/inputs/0/data',
      'input "x" is nested unlike its shape [2,4]: an array of 3 where an array of 4 belongs',
    ],
    [
      'a word',
      linear,
      { inputs: [{ ...x, data: [1, 'a', 3, 4] }] },
      '/inputs/0/data/1',
      'input "x" has "a" at element 1; FP32 expects a number up to 3.4e38, "NaN", "Infinity" or "-Infinity"',
    ],
    [
      'null among numbers',
      linear,
      { inputs: [{ ...x, data: [null, 2, 3, 4] }] },
      '/inputs/0/data/0',
      'input "x" has null at element 0; FP32 expects a number up to 3.4e38, "NaN", "Infinity" or "-Infinity"',
    ],
    [
      'a number too large for floats',
      linear,
      { inputs: [{ ...x, data: [1e39, 2, 3, 4] }] },
      '/inputs/0/data/0',
      'input "x" has 1e+39 at element 0; FP32 expects a number up to 3.4e38, "NaN", "Infinity" or "-Infinity"',
    ],
    ['no data', linear, { inputs: [{ ...x, data: null }] }, '/inputs/0/data', 'input "x" has no data'],
    [
      'data that is no array',
      linear,
      { inputs: [{ ...x, data: 'AAAA' }] },
      '/inputs/0/data',
      'input "x" has data of type string; an array is expected',
    ],
    [
      'an unknown output',
      linear,
      { inputs: [x], outputs: [{ name: 'p' }] },
      '/outputs/0/name',
      'the model has no output "p"; it answers "y"',
    ],
    [
      'an output asked for twice',
      linear,
      { inputs: [x], outputs: [{ name: 'y' }, { name: 'y' }] },
      '/outputs/1/name',
      'output "y" is asked for twice',
    ],
    [
      'binary data in JSON alone',
      linear,
      { inputs: [{ ...x, data: null, parameters: { binary_data_size: 16 } }] },
      '/inputs/0/parameters/binary_data_size',
      'input "x" has binary data, and the header Inference-Header-Content-Length is missing',
    ],
    [
      'shared memory',
      linear,
      { inputs: [{ ...x, data: null, parameters: { shared_memory_region: 'r' } }] },
      '/inputs/0/parameters',
      'input "x" is in shared memory, which this server does not offer',
    ],
    ['no inputs', linear, {}, '/inputs', '/inputs is missing'],
    ['a list for a body', linear, [], '', 'the body is not an object'],
    ['a number for an id', linear, { id: 7, inputs: [x] }, '/id', '/id is not a string'],
  ])('%s', (_what, model, message, pointer, detail) => {
    expect(fault(model, message)).toEqual({ status: 400, detail, at: pointer });
  });

  it.each<[ElementType, string, string]>([
    ['UINT8', '256', 'a whole number from 0 to 255'],
    ['UINT8', '-1', 'a whole number from 0 to 255'],
    ['INT32', '1.5', 'a whole number from -2147483648 to 2147483647'],
    ['INT64', '9223372036854775808', 'a whole number from -9223372036854775808 to 9223372036854775807'],
    ['UINT64', '18446744073709551616', 'a whole number from 0 to 18446744073709551615'],
    ['UINT64', '-1', 'a whole number from 0 to 18446744073709551615'],
    ['INT64', '"1"', 'a whole number from -9223372036854775808 to 9223372036854775807'],
    ['BOOL', '2', 'true or false'],
    ['BYTES', '1', 'a string'],
    ['FP16', '65520', 'a number up to 65504, "NaN", "Infinity" or "-Infinity"'],
  ])('%s does not hold %s', (datatype, element, expected) => {
    const first = datatype === 'BYTES' ? '""' : '1';
    const text = `{"inputs":[{"name":"x","datatype":"${datatype}","shape":[1,2],"data":[${first},${element}]}]}`;
    expect(fault(of(datatype), text)?.detail).toBe(
      `input "x" has ${element} at element 1; ${datatype} expects ${expected}`,
    );
  });

  it.each([
    ['a NUL, at which the runtime would end the string', 'a\0b', 'has a NUL character'],
    ['half of a surrogate pair', '\ud800', 'has half of a surrogate pair'],
  ])('strings with %s', (_what, text, detail) => {
    const message = { inputs: [{ name: 'x', datatype: 'BYTES', shape: [1, 2], data: ['', text] }] };
    expect(fault(of('BYTES'), message)?.detail).toContain(detail);
  });

  it('more rows than the settings of the model allow', () => {
    const small = resolvedModel(linearModel(), { settings: { maxRows: 2 } });
    expect(fault(small, { inputs: [{ ...x, shape: [3, 4] }] })?.detail).toBe(
      'input "x" has 3 rows; the model takes at most 2 in one request',
    );
  });

  it('NaN where the settings of the model refuse it', () => {
    const strict = resolvedModel(linearModel(), { settings: { refuseNaN: true } });
    expect(fault(strict, { inputs: [{ ...x, data: [1, 'NaN', 3, 4] }] })).toMatchObject({
      at: '/inputs/0/data/1',
      detail: expect.stringContaining('has NaN at element 1'),
    });
    expect(fault(strict, { inputs: [x] })).toBeUndefined();
    const halves = resolvedModel(identityModel('FP16'), { settings: { refuseNaN: true } });
    const half = (data: unknown[]) => fault(halves, { inputs: [{ name: 'x', datatype: 'FP16', shape: [1, 2], data }] });
    expect([half(['NaN', 1])?.at, half(['Infinity', 1])]).toEqual(['/inputs/0/data/0', undefined]);
  });

  it('text that is not JSON, with a hint where it has NaN', () => {
    expect(fault(linear, '{"inputs":[')).toMatchObject({
      status: 400,
      detail: expect.stringContaining('the body is not JSON'),
    });
    expect(() => decode(linear, '{"inputs":[{"data":[NaN]}]}')).toThrow(
      expect.objectContaining({ options: expect.objectContaining({ hint: expect.stringContaining('"NaN"') }) }),
    );
    expect(fault(linear, Buffer.from('{"id":"\xff"}', 'latin1'))?.detail).toBe('the JSON is not UTF-8');
    expect(fault(linear, '['.repeat(200_000))?.status).toBe(400);
  });
});

describe('a request with binary tensors', () => {
  const header = (size: unknown, more: object = {}) =>
    body({ inputs: [{ name: 'x', datatype: 'FP32', shape: [1, 4], parameters: { binary_data_size: size } }], ...more });
  const floats = Buffer.from(Float32Array.of(1, 2, 3, 4).buffer);
  const send = (head: Buffer, ...tail: Buffer[]) => fault(linear, Buffer.concat([head, ...tail]), head.length);

  it('is decoded wherever in memory the bytes lie', () => {
    for (const padding of ['', ' ', '  ', '   ']) {
      const head = Buffer.from(header(16) + padding);
      const { request } = decodeInfer(linear, Buffer.concat([head, floats]), head.length);
      expect(request.inputs[0]?.data).toEqual(Float32Array.of(1, 2, 3, 4));
    }
  });

  it('is refused when bytes are missing, left over or not those of the shape', () => {
    expect(send(header(16), floats.subarray(1))?.detail).toBe(
      'input "x" has the binary_data_size 16; 15 bytes of the body are left for it',
    );
    expect(send(header(16), floats, floats)?.detail).toContain('16 bytes follow the last tensor');
    expect(send(header(12), floats.subarray(4))?.detail).toBe(
      'input "x" has 12 bytes; its shape [1,4] needs 16 for 4 elements of FP32',
    );
    expect(send(header(-1), floats)?.detail).toContain('has the binary_data_size -1; a number of bytes is expected');
    expect(fault(linear, header(16), 10_000)?.detail).toContain('Inference-Header-Content-Length is 10000');
  });

  it('is refused for strings cut short, not UTF-8, or more than the shape has', () => {
    const texts = of('BYTES');
    const send = (tail: Buffer) => {
      const head = body({
        inputs: [{ name: 'x', datatype: 'BYTES', shape: [1, 2], parameters: { binary_data_size: tail.length } }],
      });
      return fault(texts, Buffer.concat([head, tail]), head.length)?.detail;
    };
    const text = (bytes: number[]) => Buffer.from([bytes.length, 0, 0, 0, ...bytes]);
    expect(send(Buffer.concat([text([97]), text([98])]))).toBeUndefined();
    expect(send(text([97]))).toContain('has 1 strings');
    expect(send(Buffer.concat([text([97]), text([98]), text([99])]))).toContain('5 bytes more');
    expect(send(Buffer.concat([text([97]), Buffer.from([255, 255, 255, 255, 97])]))).toContain('ends within element 1');
    expect(send(Buffer.concat([text([97]), text([0xff])]))).toContain('not UTF-8');
  });

  it('is refused for bools that are neither 0 nor 1', () => {
    const head = body({
      inputs: [{ name: 'x', datatype: 'BOOL', shape: [1, 2], parameters: { binary_data_size: 2 } }],
    });
    expect(fault(of('BOOL'), Buffer.concat([head, Buffer.from([1, 2])]), head.length)?.detail).toContain(
      'has the byte 2 at element 1',
    );
  });
});

it('whatever bytes come, the answer is a request or a fault of the caller', () => {
  const message = JSON.stringify({
    id: 'a',
    inputs: [x],
    outputs: [{ name: 'y' }],
    parameters: { binary_data_output: true },
  });
  const mutated = fc.array(fc.tuple(fc.nat(message.length - 1), fc.nat(255)), { maxLength: 6 }).map((edits) => {
    const bytes = Buffer.from(message);
    for (const [at, byte] of edits) bytes[at] = byte;
    return bytes;
  });
  const json = fc.json().map((text) => Buffer.from(text));
  fc.assert(
    fc.property(fc.oneof(mutated, json), fc.option(fc.nat(300), { nil: undefined }), (bytes, headerLength) => {
      expect([undefined, 400]).toContain(fault(linear, bytes, headerLength)?.status);
    }),
    { numRuns: 3_000 },
  );
});

import fc from 'fast-check';
import { servingPlan } from '../../../src/services/predict/inference/serving-plan';
import { decodeInfer } from '../../../src/services/predict/protocol/decode-infer';
import { type JsonScan, takeNumbers } from '../../../src/services/predict/protocol/json-scan';
import { scanInfer } from '../../../src/services/predict/protocol/scan-infer';
import { model, node, value } from '../../builders/onnx-model';
import { identityModel } from '../../builders/onnx-models';
import { resolvedModel } from '../../builders/resolved-model';

const two = resolvedModel(
  model({
    node: [node('Identity', ['x'], ['y']), node('Identity', ['k'], ['l'])],
    input: [value('x', 'FP32', ['N', 2]), value('k', 'INT8', ['N'])],
    output: [value('y', 'FP32', ['N', 2]), value('l', 'INT8', ['N'])],
  }),
);
const scan = (text: string | Buffer) => scanInfer(Buffer.from(text), servingPlan(two.signature), two);

/** The general decoder, which a header length of the whole body leads to. */
function decode(text: string | Buffer) {
  const bytes = Buffer.from(text);
  try {
    const { id, request } = decodeInfer(two, bytes, bytes.length);
    return { id, inputs: request.inputs };
  } catch {
    return undefined;
  }
}

const x = '{"name":"x","shape":[1,2],"datatype":"FP32","data":[0.5,-2]}';
const k = '{"name":"k","shape":[1],"datatype":"INT8","data":[7]}';

it('reads requests as clients write them, with the inputs as they were sent', () => {
  expect(scan(`{"inputs":[${x},${k}]}`)).toEqual({
    id: undefined,
    inputs: [
      { name: 'x', datatype: 'FP32', shape: [1, 2], data: Float32Array.of(0.5, -2) },
      { name: 'k', datatype: 'INT8', shape: [1], data: Int8Array.of(7) },
    ],
    inputsJson: `[${x},${k}]`,
  });
  expect(scan(` { "id" : "a" ,\n"inputs" : [ ${k.replaceAll(',', ' , ')} , ${x} ]\t} `)).toMatchObject({
    id: 'a',
    inputs: [{ name: 'x' }, { name: 'k' }],
  });
});

it.each([
  ['an unknown key', `{"inputs":[${x},${k}],"more":1}`],
  ['a key twice', `{"inputs":[${x},${k}],"inputs":[${x},${k}]}`],
  ['asked outputs', `{"inputs":[${x},${k}],"outputs":[]}`],
  ['an escape', `{"id":"\\u0061","inputs":[${x},${k}]}`],
  ['a text that is not ASCII', `{"id":"é","inputs":[${x},${k}]}`],
  ['an input twice', `{"inputs":[${x},${x}]}`],
  ['a missing input', `{"inputs":[${x}]}`],
  ['nested data', `{"inputs":[${x.replace('[0.5,-2]', '[[0.5,-2]]')},${k}]}`],
  ['an exponent', `{"inputs":[${x.replace('0.5', '5e-1')},${k}]}`],
  ['a number out of range', `{"inputs":[${x},${k.replace('7', '128')}]}`],
  ['a fraction among whole numbers', `{"inputs":[${x},${k.replace('7', '7.5')}]}`],
  ['a number with a zero in front', `{"inputs":[${x.replace('0.5', '00.5')},${k}]}`],
  ['a number without digits after its point', `{"inputs":[${x.replace('0.5', '0.')},${k}]}`],
  ['too many numbers', `{"inputs":[${x.replace('0.5', '0.5,1')},${k}]}`],
  ['too few numbers', `{"inputs":[${x.replace('0.5,', '')},${k}]}`],
  ['a shape that does not fit', `{"inputs":[${x.replace('1,2', '2,1')},${k}]}`],
  ['a shape beyond the body', `{"inputs":[${x.replace('1,2', '9999,2')},${k}]}`],
  ['text after the end', `{"inputs":[${x},${k}]} x`],
  ['no end', `{"inputs":[${x},${k}`],
])('leaves %s to the general decoder', (_what, text) => {
  expect(scan(text)).toBeUndefined();
});

it('never reads anything else than the general decoder does', () => {
  const number = fc.oneof(
    fc.double().map(String),
    fc.integer().map(String),
    fc.stringMatching(/^-?\d{1,20}(\.\d{1,20})?$/),
    fc.constantFrom('-0', '1e5', '01', '-', '.5', '1.', 'null', '"1"'),
  );
  const space = fc.constantFrom('', '', '', ' ', '\n\t');
  const request = fc
    .record({ numbers: fc.array(number, { minLength: 2, maxLength: 4 }), small: number, space, id: fc.string() })
    .map(
      ({ numbers, small, space: s, id }) =>
        `{${s}"id":${JSON.stringify(id)},${s}"inputs"${s}:[{"name":"x","shape":[1,2],"datatype":"FP32","data":[${numbers.join(`,${s}`)}]${s}},{"name":"k","datatype":"INT8","shape":[1],"data":[${small}]}]}`,
    );
  const mutated = fc
    .tuple(
      fc.constant(`{"id":"abc","inputs":[${x},${k}]}`),
      fc.array(fc.tuple(fc.nat(), fc.nat(127)), { maxLength: 3 }),
    )
    .map(([text, edits]) => {
      const bytes = Buffer.from(text);
      for (const [at, byte] of edits) bytes[at % bytes.length] = byte;
      return bytes.toString();
    });
  let scannedOnes = 0;
  fc.assert(
    fc.property(fc.oneof(request, mutated), (text) => {
      const scanned = scan(text);
      if (!scanned) return;
      scannedOnes++;
      expect({ id: scanned.id, inputs: scanned.inputs }).toEqual(decode(text));
    }),
    { numRuns: 5_000 },
  );
  expect(scannedOnes).toBeGreaterThan(500);
});

it.each([
  ['INT64', '[-42, 999999999999999]', BigInt64Array.of(-42n, 999_999_999_999_999n)],
  ['UINT64', '[4294967296,0]', BigUint64Array.of(4_294_967_296n, 0n)],
  ['BYTES', '["Adelie" , ""]', ['Adelie', '']],
] as const)('reads %s too', (datatype, data, expected) => {
  const echo = resolvedModel(identityModel(datatype));
  const bytes = Buffer.from(`{"inputs":[{"name":"x","shape":[1,2],"datatype":"${datatype}","data":${data}}]}`);
  expect(scanInfer(bytes, servingPlan(echo.signature), echo)?.inputs[0]?.data).toEqual(expected);
});

it.each([
  ['INT64', '[1,9007199254740993]'],
  ['UINT64', '[1,-1]'],
  ['BYTES', '["a","\\u0000"]'],
  ['BYTES', '["a","é"]'],
  ['FP16', '[1,2]'],
  ['BOOL', '[true,false]'],
] as const)('leaves %s %s to the general decoder', (datatype, data) => {
  const echo = resolvedModel(identityModel(datatype));
  const bytes = Buffer.from(`{"inputs":[{"name":"x","shape":[1,2],"datatype":"${datatype}","data":${data}}]}`);
  expect(scanInfer(bytes, servingPlan(echo.signature), echo)).toBeUndefined();
});

it('reads numbers to the last bit as JSON.parse does', () => {
  const plain = fc.oneof(
    fc
      .double({ noNaN: true, noDefaultInfinity: true })
      .map(String)
      .filter((text) => !text.includes('e')),
    fc.stringMatching(/^-?(0|[1-9]\d{0,17})(\.\d{1,18})?$/),
  );
  fc.assert(
    fc.property(fc.array(plain, { minLength: 1, maxLength: 5 }), (texts) => {
      const place: JsonScan = { bytes: Buffer.from(`${texts.join(',')}]`), at: 0 };
      const numbers = new Float64Array(texts.length);
      expect(takeNumbers(place, numbers, texts.length)).toBe(true);
      expect(Array.from(numbers)).toEqual(texts.map((text) => JSON.parse(text)));
    }),
    { numRuns: 5_000 },
  );
});

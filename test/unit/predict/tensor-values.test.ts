import fc from 'fast-check';
import {
  type Datatype,
  datatypeInfo,
  datatypes,
  type TensorData,
} from '../../../src/services/predict/inference/datatypes';
import { type InputPlan, servingPlan } from '../../../src/services/predict/inference/serving-plan';
import { bytesFromValues, valuesFromBytes } from '../../../src/services/predict/protocol/binary-values';
import { createIds } from '../../../src/services/predict/protocol/create-id';
import { valuesFromJson } from '../../../src/services/predict/protocol/json-values';
import { parseBody, wholeNumber } from '../../../src/services/predict/protocol/parse-body';
import { hashOf } from '../../../src/services/predict/protocol/prediction-record';
import { tensorToJson } from '../../../src/services/predict/protocol/tensor-json';

const plan = (datatype: Datatype): InputPlan =>
  servingPlan({ inputs: [{ name: 'x', datatype, shape: [-1] }], outputs: [] }).inputs[0] as InputPlan;

/** Tensors of any datatype, from any bytes that mean a value which JSON can tell. */
const tensors = fc
  .constantFrom(...datatypes)
  .chain((datatype): fc.Arbitrary<{ datatype: Datatype; data: TensorData }> => {
    const { array: NumericArray, bytes } = datatypeInfo[datatype];
    if (!NumericArray) {
      const texts = fc.array(
        fc.string({ unit: 'grapheme' }).filter((text) => !text.includes('\0')),
        { maxLength: 20 },
      );
      return texts.map((data) => ({ datatype, data }));
    }
    return fc.uint8Array({ maxLength: 160 }).map((random) => {
      const whole = Uint8Array.from(random.subarray(0, random.length - (random.length % bytes)), (byte) =>
        datatype === 'BOOL' ? byte % 2 : byte,
      );
      return { datatype, data: new NumericArray(whole.buffer) };
    });
  });

const isNotFinite = (datatype: Datatype, data: TensorData): boolean =>
  datatype === 'FP16'
    ? Array.from(data, Number).some((bits) => (bits & 0x7c00) === 0x7c00)
    : datatype.startsWith('FP') && Array.from(data, Number).some((value) => !Number.isFinite(value));

/** JSON writes -0 as 0. */
function comparable(datatype: Datatype, data: ArrayLike<number | bigint | string>): unknown[] {
  const negativeZero = datatype === 'FP16' ? 0x8000 : -0;
  return Array.from(data, (value) => (datatype.startsWith('FP') && Object.is(value, negativeZero) ? 0 : value));
}

describe('tensors survive', () => {
  it('JSON, value for value, whatever the datatype', () => {
    fc.assert(
      fc.property(tensors, ({ datatype, data }) => {
        fc.pre(!isNotFinite(datatype, data));
        const json = tensorToJson({ name: 'x', datatype, shape: [data.length], data });
        const message = parseBody(Buffer.from(json), true) as { data: unknown[] };
        const again = valuesFromJson(plan(datatype), [data.length], message.data, '');
        expect(comparable(datatype, again)).toEqual(comparable(datatype, data));
      }),
    );
  });

  it('the binary extension, bit for bit', () => {
    fc.assert(
      fc.property(tensors, fc.nat(7), ({ datatype, data }, offset) => {
        const bytes = bytesFromValues({ name: 'x', datatype, shape: [data.length], data });
        const moved = Buffer.alloc(bytes.byteLength + offset);
        moved.set(bytes, offset);
        const again = valuesFromBytes(plan(datatype), [data.length], moved.subarray(offset), '');
        expect(
          Array.isArray(again) ? again : Buffer.from(bytesFromValues({ name: 'x', datatype, shape: [], data: again })),
        ).toEqual(Array.isArray(data) ? data : Buffer.from(bytes));
      }),
    );
  });

  it('in JSON as what every parser reads: missing for NaN, and too large for the infinities', () => {
    const data = Float32Array.of(Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 1);
    const json = tensorToJson({ name: 'p', datatype: 'FP32', shape: [4], data });
    expect(json).toBe('{"name":"p","datatype":"FP32","shape":[4],"data":[null,1e999,-1e999,1]}');
    expect(JSON.parse(json).data).toEqual([null, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 1]);
  });
});

it('whole numbers are told in any notation of JSON', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: -(2n ** 64n), max: 2n ** 64n }), fc.nat(5), (number, shift) => {
      expect(wholeNumber(`${number}`)).toBe(number);
      expect(wholeNumber(`${number}${'0'.repeat(shift)}e-${shift}`)).toBe(number);
      expect(wholeNumber(`${number}.${'0'.repeat(shift + 1)}`)).toBe(number);
    }),
  );
  expect([wholeNumber('1.5'), wholeNumber('15e-1'), wholeNumber('1e100000')]).toEqual([
    undefined,
    undefined,
    undefined,
  ]);
});

describe('the hash of inputs', () => {
  const tensor = (data: number[], name = 'x') => ({
    name,
    datatype: 'FP32' as const,
    shape: [data.length],
    data: Float32Array.from(data),
  });
  it('is the same for the same values, and another one for another name, shape or value', () => {
    expect(hashOf([tensor([1, 2])])).toBe(hashOf([tensor([1, 2])]));
    const others = [
      [tensor([1, 3])],
      [tensor([1, 2], 'z')],
      [{ ...tensor([1, 2]), shape: [1, 2] }],
      [tensor([1]), tensor([2])],
    ];
    expect(new Set([[tensor([1, 2])], ...others].map(hashOf)).size).toBe(5);
  });
});

describe('ids of predictions', () => {
  it('are UUIDs of version 7 that carry their time', () => {
    const newId = createIds(() => 0x0190_abcd_ef01);
    const ids = Array.from({ length: 600 }, newId);
    for (const id of ids) expect(id).toMatch(/^0190abcd-ef01-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(new Set(ids).size).toBe(600);
  });

  it('sort by time', () => {
    let ms = 1_700_000_000_000;
    const newId = createIds(() => ms++);
    const ids = Array.from({ length: 50 }, newId);
    expect([...ids].sort()).toEqual(ids);
  });
});

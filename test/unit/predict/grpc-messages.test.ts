import { join } from 'node:path';
import fc from 'fast-check';
import { loadSync } from 'protobufjs';
import { KolateError } from '../../../src/contracts/errors';
import { checkInferMessage } from '../../../src/services/predict/protocol/grpc-infer';
import { decodeInferMessage, decodeModelRef } from '../../../src/services/predict/protocol/grpc-messages';
import { identityModel, linearModel } from '../../builders/onnx-models';
import { resolvedModel } from '../../builders/resolved-model';

const messages = loadSync(join(__dirname, '../../../proto/open_inference.proto'));
const request = messages.lookupType('inference.ModelInferRequest');
const encode = (message: object) => Buffer.from(request.encode(request.fromObject(message)).finish());

const linear = resolvedModel(linearModel());
const longs = resolvedModel(identityModel('INT64'));
const x = { name: 'x', datatype: 'FP32', shape: [1, 4], contents: { fp32Contents: [1, 2, 3, 4] } };
const check = (model: typeof linear, bytes: Buffer) => checkInferMessage(model, decodeInferMessage(bytes));

it('64-bit integers arrive exact', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), (number) => {
      const contents = { int64Contents: [`${number}`, '-1'] };
      const bytes = encode({ inputs: [{ name: 'x', datatype: 'INT64', shape: [1, 2], contents }] });
      expect(check(longs, bytes).request.inputs[0]?.data).toEqual(BigInt64Array.of(number, -1n));
    }),
  );
});

it('numbers that are not packed are taken too', () => {
  const sizes = Buffer.from([0x18, 1, 0x18, 4]);
  const floats = Buffer.concat(
    [1, 2, 3, 4].map((value) => Buffer.concat([Buffer.from([0x35]), Buffer.from(Float32Array.of(value).buffer)])),
  );
  const input = Buffer.concat([
    Buffer.from('\x0a\x01x\x12\x04FP32'),
    sizes,
    Buffer.from([0x2a, floats.length]),
    floats,
  ]);
  const bytes = Buffer.concat([Buffer.from([0x2a, input.length]), input]);
  expect(check(linear, bytes).request.inputs[0]).toMatchObject({ shape: [1, 4], data: Float32Array.of(1, 2, 3, 4) });
});

it('a shape cannot ask for more memory than the request has', () => {
  const open = resolvedModel(identityModel('FP64', ['N', 'M']));
  const input = { name: 'x', datatype: 'FP64', shape: [1, 2 ** 31], contents: { fp64Contents: [1, 2] } };
  expect(() => check(open, encode({ inputs: [input] }))).toThrow(
    expect.objectContaining({
      code: 'KLT_TENSOR_INVALID',
      detail: 'input "x" has too few elements; its shape [1,2147483648] needs 2147483648',
    }),
  );
});

it('a field of another wire type than its own is refused', () => {
  const input = Buffer.from('\x0a\x01x\x12\x04FP32\x1a\x02\x01\x04\x2a\x08\x30\x01\x30\x01\x30\x01\x30\x01');
  const bytes = Buffer.concat([Buffer.from([0x2a, input.length]), input]);
  expect(() => check(linear, bytes)).toThrow(expect.objectContaining({ code: 'KLT_BODY_MALFORMED' }));
});

it('whatever bytes come, the answer is a request or a fault of the caller', () => {
  const whole = encode({ modelName: 'm', id: 'i', inputs: [x], outputs: [{ name: 'y' }] });
  const mutated = fc
    .tuple(fc.array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), { maxLength: 6 }), fc.nat(whole.length))
    .map(([edits, end]) => {
      const bytes = Buffer.from(whole);
      for (const [at, byte] of edits) bytes[at] = byte;
      return end % 4 === 0 ? bytes.subarray(0, end) : bytes;
    });
  const statusOf = (bytes: Buffer) => {
    try {
      decodeModelRef(bytes);
      check(linear, bytes);
    } catch (error) {
      return error instanceof KolateError ? error.status : error;
    }
    return 200;
  };
  const random = fc.uint8Array({ maxLength: 100 }).map((bytes) => Buffer.from(bytes));
  fc.assert(
    fc.property(fc.oneof(mutated, random), (bytes) => [200, 400].includes(Number(statusOf(bytes)))),
    { numRuns: 5_000 },
  );
});

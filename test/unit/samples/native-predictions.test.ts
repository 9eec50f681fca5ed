import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { disagreements, listSamples, type SampleTensor } from '../../helpers/samples';

const samples = listSamples();
const kilobyte = 1000;

describe.each(samples.map(({ sample, onnxPath }) => ({ name: sample.name, sample, onnxPath })))(
  'the sample $name',
  ({ sample, onnxPath }) => {
    const { inputs, outputs, rows } = sample.test;
    let session: InferenceSession;
    beforeAll(async () => {
      // 3 = errors only: LightGBM's exporter declares a label shape that its graph does not keep, warned of at every run.
      session = await InferenceSession.create(readFileSync(onnxPath), { logSeverityLevel: 3 });
    });
    afterAll(() => session.release());

    const run = (tensors: SampleTensor[]) =>
      session.run(Object.fromEntries(tensors.map((tensor) => [tensor.name, toOnnx(tensor)])));

    it('predicts what the framework that trained it predicts, within the tolerance stated beside it', async () => {
      const answer = await run(inputs);
      for (const expected of outputs) {
        const actual = answer[expected.name]!;
        expect({ [expected.name]: actual.dims }).toEqual({ [expected.name]: expected.shape });
        expect(disagreements(expected, values(actual), sample.tolerance)).toEqual([]);
      }
    });

    it('predicts a row sent alone as it predicts it in a batch', async () => {
      const last = await run(inputs.map((tensor) => row(tensor, rows - 1)));
      for (const expected of outputs) {
        const alone = values(last[expected.name]!);
        expect(disagreements(row(expected, rows - 1), alone, sample.tolerance)).toEqual([]);
      }
    });

    it('is the file that its JSON describes', () => {
      const content = readFileSync(onnxPath);
      expect({ bytes: content.length, sha256: createHash('sha256').update(content).digest('hex') }).toEqual(
        sample.file,
      );
      expect(session.inputNames).toEqual(sample.inputs.map(({ name }) => name));
      expect(session.outputNames).toEqual(sample.outputs.map(({ name }) => name));
      expect(rows).toBeGreaterThanOrEqual(16);
    });
  },
);

it('keeps the samples small: 300 kB each, 1 MB together', () => {
  const sizes = samples.map(({ sample }) => sample.file.bytes);
  expect(Math.max(...sizes)).toBeLessThanOrEqual(300 * kilobyte);
  expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThanOrEqual(1000 * kilobyte);
});

it('covers labels as integers and as strings, several inputs of several datatypes, and a regression', () => {
  const signatures = samples.map(({ sample }) => ({
    inputs: [...new Set(sample.inputs.map(({ datatype }) => datatype))].sort(),
    outputs: sample.outputs.map(({ datatype }) => datatype),
  }));
  expect(signatures).toContainEqual({ inputs: ['FP32'], outputs: ['INT64', 'FP32'] });
  expect(signatures).toContainEqual({ inputs: ['FP32'], outputs: ['FP32'] });
  expect(signatures).toContainEqual({ inputs: ['BYTES', 'FP32', 'INT64'], outputs: ['BYTES', 'FP32'] });
});

function toOnnx({ name, datatype, data, shape }: SampleTensor): Tensor {
  switch (datatype) {
    case 'FP32':
      return new Tensor('float32', Float32Array.from(data, Number), shape);
    case 'INT64':
      return new Tensor('int64', BigInt64Array.from(data, BigInt), shape);
    case 'BYTES':
      return new Tensor('string', data.map(String), shape);
    default:
      throw new Error(`input ${name}: no sample had the datatype ${datatype} when this test was written`);
  }
}

function row({ name, datatype, shape, data }: SampleTensor, index: number): SampleTensor {
  const width = data.length / shape[0]!;
  return { name, datatype, shape: [1, ...shape.slice(1)], data: data.slice(index * width, (index + 1) * width) };
}

function values(tensor: Tensor): unknown[] {
  return Array.from<unknown>(tensor.data);
}

import { join } from 'node:path';
import { firstRows, readSample, rowsAsExpected } from '../../../local/demo/demo-samples';

const root = join(__dirname, '../../..');

it('writes the rows of a model with one input as arrays', async () => {
  const [row] = firstRows(await readSample(root, 'iris-classifier'), 1);
  expect(row).toEqual([expect.any(Number), expect.any(Number), expect.any(Number), expect.any(Number)]);
});

it('writes the rows of a model with several inputs as objects', async () => {
  const [row] = firstRows(await readSample(root, 'penguin-species'), 1);
  expect(row).toMatchObject({ bill_length_mm: expect.any(Number), island: expect.any(String) });
});

it('counts a row only when all of its outputs are as near as they have to be', async () => {
  const sample = await readSample(root, 'iris-classifier');
  expect(rowsAsExpected(sample, sample.test.outputs)).toBe(sample.test.rows);
  const [label, probabilities] = sample.test.outputs;
  const off = { ...probabilities, name: 'probabilities', data: [9, ...(probabilities?.data.slice(1) ?? [])] };
  expect(rowsAsExpected(sample, [label ?? { name: '' }, off])).toBe(sample.test.rows - 1);
  expect(rowsAsExpected(sample, [])).toBe(0);
});

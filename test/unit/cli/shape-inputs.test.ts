import { exitCodes } from '../../../cli/cli-error';
import { shapeInputs } from '../../../cli/shape-inputs';

const features = { name: 'features', datatype: 'FP32', shape: [-1, 4] };
const column = (name: string, datatype: string) => ({ name, datatype, shape: [-1, 1] });
const bird = [column('mass', 'INT64'), column('island', 'BYTES')];

it('shapes rows of values for a model with one input', () => {
  expect(
    shapeInputs(
      [features],
      [
        [1, 2, 3, 4],
        [5, 6, 7, 8],
      ],
    ),
  ).toEqual([{ name: 'features', datatype: 'FP32', shape: [2, 4], data: [1, 2, 3, 4, 5, 6, 7, 8] }]);
});

it('takes the flat values of one row as one row', () => {
  expect(shapeInputs([features], [1, 2, 3, 4])).toMatchObject([{ shape: [1, 4] }]);
});

it('takes flat values as rows where a row of the model is a single value', () => {
  expect(shapeInputs([{ name: 'x', datatype: 'FP32', shape: [-1] }], [1, 2, 3])).toMatchObject([
    { shape: [3], data: [1, 2, 3] },
  ]);
});

it('shapes objects by the names of inputs', () => {
  const rows = [
    { island: 'Dream', mass: 3700 },
    { island: 'Biscoe', mass: 5000 },
  ];
  expect(shapeInputs(bird, rows)).toEqual([
    { name: 'mass', datatype: 'INT64', shape: [2, 1], data: [3700, 5000] },
    { name: 'island', datatype: 'BYTES', shape: [2, 1], data: ['Dream', 'Biscoe'] },
  ]);
});

it('takes a single object as one row', () => {
  expect(shapeInputs(bird, { island: 'Dream', mass: 1 })).toMatchObject([{ shape: [1, 1] }, { shape: [1, 1] }]);
});

it('takes arrays in the order of several inputs', () => {
  expect(shapeInputs(bird, [[3700, 'Dream']])).toMatchObject([{ data: [3700] }, { data: ['Dream'] }]);
});

it('keeps the nesting of a row of higher rank', () => {
  const image = { name: 'image', datatype: 'FP32', shape: [-1, -1, -1] };
  expect(
    shapeInputs(
      [image],
      [
        [
          [1, 2, 3],
          [4, 5, 6],
        ],
      ],
    ),
  ).toMatchObject([{ shape: [1, 2, 3] }]);
});

it.each([
  ['a row of the wrong length', [features], [[1, 2, 3]], /row has 3 values.*\[4\]/],
  ['rows that differ in length', [{ ...features, shape: [-1, -1] }], [[1], [1, 2]], /differ in length/],
  ['a column that the model does not have', bird, [{ island: 'Dream', weight: 1 }], /no input "weight"/],
  ['a column left out', bird, [{ island: 'Dream' }], /"mass" is missing/],
  ['too few values for the inputs', bird, [[1]], /one value for each of mass, island/],
  ['no rows', [features], [], /no rows/],
  ['something else', [features], 'rows', /neither rows nor a request/],
])('refuses %s as a mistake of the caller', (_what, inputs, document, message) => {
  const refused = expect(() => shapeInputs(inputs, document));
  refused.toThrow(message);
  refused.toThrow(expect.objectContaining({ exitCode: exitCodes.usage }));
});

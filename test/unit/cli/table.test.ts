import { predictionTable } from '../../../cli/prediction-table';
import { renderTable } from '../../../cli/table';

it('aligns columns and shows what is missing as a dash', () => {
  const rows = [{ slug: 'acme', tier: 'pool' }, { slug: 'a-longer-one' }];
  const table = renderTable<{ slug: string; tier?: string }>(
    [
      ['slug', (row) => row.slug],
      ['tier', (row) => row.tier],
    ],
    rows,
  );
  expect(table).toBe('SLUG          TIER\nacme          pool\na-longer-one  -');
});

it('shows a prediction row by row, each output in its column', () => {
  const table = predictionTable([
    { name: 'label', shape: [2], data: ['Gentoo', 'Adelie'] },
    { name: 'probabilities', shape: [2, 2], data: [0.25, 0.75, 0.123456789, 1] },
  ]);
  expect(table.split('\n').map((line) => line.split(/ {2,}/))).toEqual([
    ['ROW', 'LABEL', 'PROBABILITIES'],
    ['0', 'Gentoo', '0.25 0.75'],
    ['1', 'Adelie', '0.12346 1'],
  ]);
});

import { stringifyExact } from '../src/platform/json/exact-json';
import { type Column, renderTable } from './table';

export type OutputTensor = { readonly name: string; readonly shape: readonly number[]; readonly data?: unknown };

const maxRows = 50;

/** One line a row, one column an output; at most 50 rows. */
export function predictionTable(outputs: readonly OutputTensor[]): string {
  const rows = Math.max(0, ...outputs.map(({ shape }) => shape[0] ?? 1));
  const shown = Array.from({ length: Math.min(rows, maxRows) }, (_, index) => index);
  const columns: Column<number>[] = [
    ['row', (row) => row],
    ...outputs.map((output): Column<number> => [output.name, (row) => cellOf(output, row)]),
  ];
  const more = rows > maxRows ? `\n… and ${rows - maxRows} more rows (--output json has them)` : '';
  return renderTable(columns, shown, 'no rows') + more;
}

function cellOf({ shape, data }: OutputTensor, row: number): string | undefined {
  if (!Array.isArray(data)) return undefined;
  const flat: unknown[] = data.flat(Number.POSITIVE_INFINITY);
  const length = shape.slice(1).reduce((product, size) => product * size, 1);
  return flat
    .slice(row * length, (row + 1) * length)
    .map(valueText)
    .join(' ');
}

const valueText = (value: unknown): string => {
  if (typeof value === 'string') return value;
  if (typeof value === 'number' && !Number.isInteger(value)) return String(Number(value.toPrecision(5)));
  return stringifyExact(value) ?? '';
};

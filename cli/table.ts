/** One column: its heading and what it shows of a row. Undefined shows as `-`. */
export type Column<T> = readonly [heading: string, cell: (row: T) => string | number | undefined];

/** Columns aligned by spaces, without a trailing line break. `empty` stands for no rows at all. */
export function renderTable<T>(columns: readonly Column<T>[], rows: readonly T[], empty = 'none'): string {
  if (rows.length === 0) return empty;
  const text = [columns.map(([heading]) => heading.toUpperCase()), ...rows.map((row) => cellsOf(columns, row))];
  const widths = columns.map((_, index) => Math.max(...text.map((line) => line[index]?.length ?? 0)));
  return text
    .map((line) =>
      line
        .map((cell, index) => cell.padEnd(widths[index] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

const cellsOf = <T>(columns: readonly Column<T>[], row: T): string[] =>
  columns.map(([, cell]) => {
    const value = cell(row);
    return value === undefined || value === '' ? '-' : String(value);
  });

/** Names and values one below the other; undefined values are left out. */
export function renderFields(fields: Readonly<Record<string, string | number | undefined>>): string {
  const shown = Object.entries(fields).filter(([, value]) => value !== undefined);
  const width = Math.max(...shown.map(([name]) => name.length));
  return shown.map(([name, value]) => `${name.padEnd(width)}  ${value}`).join('\n');
}

/** `bytes` as kB or MB, of 1,000 and 1,000,000 bytes. */
export function megabytes(bytes: number | undefined): string | undefined {
  if (bytes === undefined) return undefined;
  return bytes < 100_000
    ? `${(bytes / 1_000).toFixed(1)} kB`
    : `${(bytes / 1_000_000).toFixed(bytes < 10_000_000 ? 1 : 0)} MB`;
}

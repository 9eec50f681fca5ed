import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

type Tensor = { readonly name: string; readonly shape: readonly number[]; readonly data: readonly (number | string)[] };

/** The part of a sample's description that the demo reads: see models/samples/README.md. */
export type Sample = {
  readonly name: string;
  readonly title: string;
  readonly story: string;
  readonly framework: { readonly name: string };
  readonly tolerance: { readonly absolute: number; readonly relative: number };
  readonly test: { readonly rows: number; readonly inputs: readonly Tensor[]; readonly outputs: readonly Tensor[] };
};

export const samplesDir = (root: string): string => join(root, 'models/samples');

export const readSample = async (root: string, name: string): Promise<Sample> =>
  JSON.parse(await readFile(join(samplesDir(root), `${name}.json`), 'utf8'));

/** The first `count` test rows as people would write them: arrays for one input, objects by name for several. */
export function firstRows({ test: { inputs } }: Sample, count: number): unknown[] {
  const value = ({ shape, data }: Tensor, row: number): unknown => {
    const length = shape.slice(1).reduce((product, size) => product * size, 1);
    const values = data.slice(row * length, (row + 1) * length);
    return inputs.length > 1 && length === 1 ? values[0] : values;
  };
  const only = inputs.length === 1 ? inputs[0] : undefined;
  return Array.from({ length: count }, (_, row) =>
    only ? value(only, row) : Object.fromEntries(inputs.map((input) => [input.name, value(input, row)])),
  );
}

type Answered = { readonly name: string; readonly data?: unknown };

/** How many of the test rows were answered as the framework that trained the model answers them. */
export function rowsAsExpected({ test, tolerance }: Sample, outputs: readonly Answered[]): number {
  const near = (answer: unknown, native: number | string | undefined): boolean =>
    typeof native === 'number'
      ? Math.abs(Number(answer) - native) <= tolerance.absolute + tolerance.relative * Math.abs(native)
      : answer === native;
  const rowFits = (row: number): boolean =>
    test.outputs.every((expected) => {
      const found = outputs.find(({ name }) => name === expected.name)?.data;
      const length = expected.data.length / test.rows;
      return (
        Array.isArray(found) &&
        expected.data
          .slice(row * length, (row + 1) * length)
          .every((value, at) => near(found[row * length + at], value))
      );
    });
  return Array.from({ length: test.rows }, (_, row) => row).filter(rowFits).length;
}

import { usageError } from './cli-error';

/** As the metadata of a model tells it; -1 where any size will do. */
export type InputSignature = { readonly name: string; readonly datatype: string; readonly shape: readonly number[] };
export type Tensor = {
  readonly name: string;
  readonly datatype: string;
  readonly shape: number[];
  readonly data: unknown[];
};

/**
 * The request tensors of rows in a form that people write: an array of objects by input name, or an array of arrays
 * (of a model with one input its values, else one value for each input in the model's order). One object, or the flat
 * values of one row, stand for one row.
 * @throws CliError usage, naming the row and the input
 */
export function shapeInputs(inputs: readonly InputSignature[], document: unknown): Tensor[] {
  const rows = rowsOf(inputs, document);
  if (rows.length === 0) throw usageError('there are no rows to predict');
  return inputs.map((input, index) => {
    const values = rows.map((row, at) => cellOfRow(inputs, input, index, row, at));
    return tensorOf(input, values);
  });
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function rowsOf(inputs: readonly InputSignature[], document: unknown): unknown[] {
  if (isRecord(document)) return [document];
  if (!Array.isArray(document)) {
    throw usageError('the data are neither rows nor a request', 'give [[…], …], [{"input": …}, …] or {"inputs": […]}');
  }
  const nested = document.some((row) => Array.isArray(row) || isRecord(row));
  const scalarRows = inputs.length === 1 && rowShape(inputs[0]).length === 0;
  return nested || scalarRows || document.length === 0 ? document : [document];
}

/** Shape of one row: what follows the rows' dimension. */
const rowShape = (input: InputSignature | undefined): readonly number[] => input?.shape.slice(1) ?? [];

function cellOfRow(
  inputs: readonly InputSignature[],
  input: InputSignature,
  index: number,
  row: unknown,
  at: number,
): unknown {
  if (isRecord(row)) {
    const unknown = Object.keys(row).find((name) => !inputs.some((known) => known.name === name));
    if (unknown) throw usageError(`row ${at}: the model has no input "${unknown}"; it has ${namesOf(inputs)}`);
    if (!(input.name in row)) throw usageError(`row ${at}: input "${input.name}" is missing`);
    return row[input.name];
  }
  if (inputs.length === 1) return row;
  if (!Array.isArray(row) || row.length !== inputs.length) {
    throw usageError(`row ${at} needs one value for each of ${namesOf(inputs)}`);
  }
  return row[index];
}

const namesOf = (inputs: readonly InputSignature[]): string => inputs.map(({ name }) => name).join(', ');

function tensorOf(input: InputSignature, values: readonly unknown[]): Tensor {
  const data = values.map((value) => (Array.isArray(value) ? value.flat(Number.POSITIVE_INFINITY) : [value]));
  const lengths = new Set(data.map(({ length }) => length));
  if (lengths.size > 1) throw usageError(`input "${input.name}": rows differ in length (${[...lengths].join(', ')})`);
  const rowLength = data[0]?.length ?? 0;
  return {
    name: input.name,
    datatype: input.datatype,
    shape: [values.length, ...fill(input, rowLength, values[0])],
    data: data.flat(),
  };
}

/** The row's shape with its open sizes filled: by the nesting of the first row, or where one alone is open, by the length. */
function fill(input: InputSignature, length: number, first: unknown): number[] {
  const declared = rowShape(input);
  const nesting = nestingOf(first);
  const nests = nesting.length === declared.length && declared.every((size, at) => size < 0 || size === nesting[at]);
  if (nests) return nesting;
  const known = declared.filter((size) => size > 0).reduce((product, size) => product * size, 1);
  const open = declared.filter((size) => size < 0).length;
  const fits = open === 0 ? known === length : open === 1 && length % known === 0;
  if (fits) return declared.map((size) => (size < 0 ? length / known : size));
  throw usageError(`input "${input.name}": a row has ${length} values, the model takes ${JSON.stringify(declared)}`);
}

const nestingOf = (value: unknown): number[] => (Array.isArray(value) ? [value.length, ...nestingOf(value[0])] : []);

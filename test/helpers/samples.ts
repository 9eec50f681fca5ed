import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

/** A tensor as the Open Inference Protocol writes it: data flat, row by row. */
export type SampleTensor = { name: string; datatype: string; shape: number[]; data: (number | string | boolean)[] };
type TensorSignature = { name: string; datatype: string; shape: number[] };

/** The JSON beside a sample model (models/samples/README.md says what each member means). */
export type Sample = {
  name: string;
  title: string;
  story?: string;
  tolerance: { absolute: number; relative: number; why?: string };
  file: { bytes: number; sha256: string };
  inputs: TensorSignature[];
  outputs: TensorSignature[];
  test: { rows: number; inputs: SampleTensor[]; outputs: SampleTensor[] };
};

export const samplesFolder = resolve(__dirname, '../../models/samples');

/** Models that answer what they are sent, in every datatype. Their 64-bit integers need `JSON.rawJSON` to be exact. */
export const echoFolder = resolve(__dirname, '../interop/models');

/** Every sample of the folder, with the path of its ONNX file. */
export function listSamples(folder = samplesFolder): { sample: Sample; onnxPath: string; jsonPath: string }[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith('.json'))
    .sort()
    .map((name) => {
      const jsonPath = join(folder, name);
      return {
        sample: JSON.parse(readFileSync(jsonPath, 'utf8')) as Sample,
        onnxPath: jsonPath.replace(/\.json$/, '.onnx'),
        jsonPath,
      };
    });
}

/**
 * The positions where `actual` is not what the framework predicted: numbers further away than `absolute` plus
 * `relative` times the prediction, or any other value that is not the same text.
 */
export function disagreements(
  expected: SampleTensor,
  actual: ArrayLike<unknown>,
  tolerance: Sample['tolerance'],
): { at: number; expected: unknown; actual: unknown }[] {
  const exact = !expected.datatype.startsWith('FP');
  return Array.from({ length: Math.max(expected.data.length, actual.length) }, (_, at) => ({
    at,
    expected: expected.data[at],
    actual: actual[at],
  })).filter(({ expected: wanted, actual: got }) => {
    if (exact) return String(wanted) !== String(got);
    const allowed = tolerance.absolute + tolerance.relative * Math.abs(Number(wanted));
    return !(Math.abs(Number(wanted) - Number(got)) <= allowed);
  });
}

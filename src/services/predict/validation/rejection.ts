import { KolateError } from '../../../contracts/errors';
import type { Rejection } from '../../../contracts/http/models';

/** Why a model file is refused. Stable: owners' programs may compare them. */
export const rejectionCodes = [
  'too_large',
  'empty',
  'is_zip',
  'is_gzip',
  'is_compressed',
  'is_tar',
  'is_pickle',
  'is_hdf5',
  'is_ort_format',
  'is_tflite',
  'is_executable',
  'is_git_lfs_pointer',
  'is_text',
  'not_onnx',
  'truncated',
  'malformed',
  'too_complex',
  'external_data',
  'ir_version_unsupported',
  'opset_unsupported',
  'domain_unknown',
  'datatype_unsupported',
  'no_inputs',
  'no_outputs',
  'inputs_not_tensors',
  'outputs_not_tensors',
  'load_failed',
  'run_failed',
  'out_of_memory',
  'out_of_time',
  'process_died',
  'signature_mismatch',
] as const;
export type RejectionCode = (typeof rejectionCodes)[number];

/** Throws what `rejectionOf` turns back into a rejection. `hint` is what the owner can do about it. */
export function reject(code: RejectionCode, detail: string, hint?: string): never {
  throw new KolateError('KLT_MODEL_REJECTED', detail, { hint, extra: { reason: code } });
}

/** The rejection in `error`; undefined when it is any other error. */
export function rejectionOf(error: unknown): Rejection | undefined {
  if (!(error instanceof KolateError) || error.code !== 'KLT_MODEL_REJECTED') return undefined;
  const { hint, extra } = error.options;
  return { code: String(extra?.reason), detail: error.detail, ...(hint === undefined ? {} : { hint }) };
}

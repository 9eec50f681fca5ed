import type { ErrorCode } from '../../../contracts/errors';
import type { Rejection } from '../../../contracts/http/models';
import type { TrialResult } from '../validation/trial';
import type { Tensor } from './tensors';

/** What a parent asks of its model process, one request at a time. Carried by structured clone, so tensors stay arrays. */
export type ModelProcessRequest =
  | { readonly kind: 'load' }
  | { readonly kind: 'trial' }
  | { readonly kind: 'run'; readonly inputs: readonly Tensor[]; readonly outputs: readonly string[] };

/** What it answers. A run that fails in a way that the runtime reports leaves the process usable. */
export type ModelProcessReply =
  | { readonly kind: 'loaded' }
  | { readonly kind: 'tried'; readonly result: TrialResult }
  | { readonly kind: 'outputs'; readonly outputs: readonly Tensor[] }
  | { readonly kind: 'rejected'; readonly rejection: Rejection }
  | { readonly kind: 'failed'; readonly code: ErrorCode; readonly detail: string };

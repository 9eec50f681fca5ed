/** What a code means to a caller: its HTTP status, whether trying again can help, and the title of its problem details. */
type ErrorKind = { readonly status: number; readonly retryable: boolean; readonly title: string };

const kind = (status: number, title: string, retryable = false): ErrorKind => ({ status, retryable, title });

/** Every error that leaves a process carries one of these codes. Codes are stable: they are renamed only with a major version. */
export const errorCodes = {
  KLT_URL_MALFORMED: kind(400, 'URL is not well-formed'),
  KLT_REQUEST_MALFORMED: kind(400, 'Request is not well-formed HTTP'),
  KLT_REQUEST_TIMED_OUT: kind(408, 'The request did not arrive in time', true),
  KLT_HEADERS_TOO_LARGE: kind(431, 'Headers are too large'),
  KLT_BODY_MALFORMED: kind(400, 'Body is not well-formed'),
  KLT_REQUEST_INVALID: kind(422, 'Request does not fit the schema'),
  KLT_CURSOR_INVALID: kind(400, 'Cursor is not one that this list gave out'),
  KLT_BODY_TOO_LARGE: kind(413, 'Body is too large'),
  KLT_MEDIA_TYPE_UNSUPPORTED: kind(415, 'Media type is not supported'),
  KLT_ROUTE_UNKNOWN: kind(404, 'No such route'),
  KLT_METHOD_NOT_ALLOWED: kind(405, 'Method is not allowed here'),
  KLT_TOKEN_MISSING: kind(401, 'No access token'),
  KLT_TOKEN_INVALID: kind(401, 'Access token is not valid'),
  KLT_SCOPE_MISSING: kind(403, 'Scope or role is missing'),
  KLT_RATE_LIMITED: kind(429, 'Rate limit reached', true),
  KLT_QUOTA_EXHAUSTED: kind(429, 'Daily quota is used up', true),
  KLT_PRECONDITION_FAILED: kind(412, 'If-Match does not fit the current version'),
  KLT_PRECONDITION_REQUIRED: kind(428, 'If-Match is needed'),
  KLT_IDEMPOTENCY_KEY_REUSED: kind(422, 'Idempotency-Key was used with another request'),
  KLT_IDEMPOTENCY_IN_PROGRESS: kind(409, 'The first request with this Idempotency-Key is still running', true),
  KLT_TENANT_NOT_FOUND: kind(404, 'No such tenant'),
  KLT_TENANT_SLUG_TAKEN: kind(409, 'Slug is taken'),
  KLT_TENANT_TRANSITION_ILLEGAL: kind(409, 'The tenant is in a state that does not allow this'),
  KLT_TENANT_BUSY: kind(409, 'Another operation on this tenant is running', true),
  KLT_TENANT_INACTIVE: kind(403, 'The tenant is not active'),
  KLT_TENANT_PAUSED: kind(503, 'The tenant is being moved', true),
  KLT_TIER_UNKNOWN: kind(422, 'No such tier'),
  KLT_TIER_UNAVAILABLE: kind(422, 'This installation cannot provide the tier'),
  KLT_SECRET_ALREADY_SHOWN: kind(409, 'The secret was shown before'),
  KLT_CLIENT_NOT_FOUND: kind(404, 'No such OAuth client'),
  KLT_CLIENT_TAKEN: kind(409, 'The OAuth client belongs to another tenant'),
  KLT_OPERATION_NOT_FOUND: kind(404, 'No such operation'),
  KLT_OPERATION_TRANSITION_ILLEGAL: kind(409, 'The operation is in a state that does not allow this'),
  KLT_STEP_TIMED_OUT: kind(504, 'The step did not answer in time', true),
  KLT_PROVISION_FAILED: kind(502, 'The stores could not be provisioned', true),
  KLT_QUOTA_REACHED: kind(503, 'A quota of the account is reached'),
  KLT_CELL_EXHAUSTED: kind(503, 'The cell has no room left'),
  KLT_PERMISSION_MISSING: kind(500, 'A permission is missing'),
  KLT_STACK_PARAMETER_INVALID: kind(422, 'A parameter of the stack is out of its range'),
  KLT_STACK_STATE: kind(409, 'The stack is in a state that forbids this'),
  KLT_STACK_CHANGE_REFUSED: kind(409, 'The change would lose data'),
  KLT_SMOKE_TEST_FAILED: kind(502, 'The new stores did not pass their smoke test', true),
  KLT_MIGRATION_FAILED: kind(500, 'A migration failed'),
  KLT_MODEL_NOT_FOUND: kind(404, 'No such model'),
  KLT_MODEL_EXISTS: kind(409, 'A model of this name exists'),
  KLT_MODEL_VERSION_EXISTS: kind(409, 'Versions are immutable, and this one exists'),
  KLT_MODEL_NOT_READY: kind(503, 'The model is not ready', true),
  KLT_MODEL_TRANSITION_ILLEGAL: kind(409, 'The model version is in a state that does not allow this'),
  KLT_MODEL_IN_USE: kind(409, 'An alias points to this version'),
  KLT_MODEL_REJECTED: kind(422, 'The model file was rejected'),
  KLT_MODEL_QUARANTINED: kind(503, 'The model was taken out of service'),
  KLT_UPLOAD_MISSING: kind(409, 'The model file has not been uploaded'),
  KLT_UPLOAD_MISMATCH: kind(422, 'The uploaded file is not the announced one'),
  KLT_ALIAS_NOT_FOUND: kind(404, 'No such alias'),
  KLT_TENSOR_INVALID: kind(400, 'A tensor does not fit the model'),
  KLT_INFERENCE_FAILED: kind(400, 'The model could not be run on this input'),
  KLT_INFERENCE_OUT_OF_BOUNDS: kind(503, 'The model went past its memory or time limit'),
  KLT_PREDICTION_NOT_FOUND: kind(404, 'No such prediction'),
  KLT_DEADLINE_EXCEEDED: kind(504, 'The deadline has passed', true),
  KLT_OVERLOADED: kind(503, 'Too much is waiting', true),
  KLT_DEPENDENCY_UNAVAILABLE: kind(503, 'A service that this needs is not available', true),
  KLT_STORE_ACCESS_DENIED: kind(500, 'A store refused access'),
  KLT_EVENT_INVALID: kind(422, 'The message does not fit its contract'),
  KLT_SECRET_NOT_FOUND: kind(500, 'A secret is missing'),
  KLT_CONFIG_INVALID: kind(500, 'The configuration is not valid'),
  KLT_INTERNAL: kind(500, 'Something went wrong on our side'),
} as const satisfies Record<string, ErrorKind>;

export type ErrorCode = keyof typeof errorCodes;

/** Where a parameter stands, in OpenAPI's words. */
export type ParameterPlace = 'path' | 'query' | 'header';

/** A fault in the body: `pointer` is a JSON pointer (RFC 6901) into it, empty for the whole. */
export type BodyError = { readonly pointer: string; readonly detail: string };

/** A fault in what no JSON pointer leads to: `{ parameter: 'limit', in: 'query' }`. */
export type ParameterError = { readonly parameter: string; readonly in: ParameterPlace; readonly detail: string };

/** The place of one fault in a request, and what it is. */
export type FieldError = BodyError | ParameterError;

export type ErrorOptions = {
  readonly errors?: readonly FieldError[];
  /** What the caller can do about it, in one sentence. */
  readonly hint?: string;
  readonly retryAfterSeconds?: number;
  /** Of the answer over HTTP, lower case. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Further members of the problem details, such as `allowed` states. They do not replace its own ones. */
  readonly extra?: Readonly<Record<string, unknown>>;
  readonly cause?: unknown;
};

/** The one error class: `code` decides the status and whether a retry can help, `detail` says what happened here. */
export class KolateError extends Error {
  override readonly name = 'KolateError';

  constructor(
    readonly code: ErrorCode,
    readonly detail: string,
    readonly options: ErrorOptions = {},
  ) {
    super(`${code}: ${detail}`, { cause: options.cause });
  }

  get status(): number {
    return errorCodes[this.code].status;
  }

  get retryable(): boolean {
    return errorCodes[this.code].retryable;
  }
}

/** `error` as it is when it is ours, else wrapped as KLT_INTERNAL with the original as its cause. */
export function toKolateError(error: unknown): KolateError {
  if (error instanceof KolateError) return error;
  return new KolateError('KLT_INTERNAL', 'an unexpected error; the log has it under this trace id', { cause: error });
}

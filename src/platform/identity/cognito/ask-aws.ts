import { KolateError } from '../../../contracts/errors';

type AwsFault = Error & { readonly $fault?: 'client' | 'server' };

const transient = /^(TooManyRequests|Throttling|RequestLimitExceeded|ProvisionedThroughputExceeded|Timeout)/;
/** For the caller, who knows what they mean. */
const told = /^(ResourceNotFound|ConditionalCheckFailed)/;

/**
 * The answer of a call of the SDK.
 * @throws its own error when something is missing or a condition does not hold; KolateError KLT_DEPENDENCY_UNAVAILABLE,
 * KLT_PERMISSION_MISSING, KLT_QUOTA_REACHED or, for what we should not have asked, KLT_INTERNAL
 */
export async function askAws<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    throw error instanceof Error ? toError(error) : error;
  }
}

function toError(error: AwsFault): Error {
  if (told.test(error.name)) return error;
  if (/^(AccessDenied|NotAuthorized|UnrecognizedClient)/.test(error.name)) {
    return new KolateError('KLT_PERMISSION_MISSING', error.message, { cause: error });
  }
  if (error.name === 'LimitExceededException') {
    return new KolateError('KLT_QUOTA_REACHED', error.message, { cause: error });
  }
  if (error.$fault === 'client' && !transient.test(error.name)) {
    return new KolateError('KLT_INTERNAL', `${error.name}: ${error.message}`, { cause: error });
  }
  return new KolateError('KLT_DEPENDENCY_UNAVAILABLE', 'the user pool does not answer', {
    retryAfterSeconds: 1,
    cause: error,
  });
}

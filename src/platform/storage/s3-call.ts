import { KolateError } from '../../contracts/errors';

/** A versioned bucket has its own word for the source of a copy that is not there. */
const missing = new Set(['NotFound', 'NoSuchKey', 'NoSuchVersion']);
const isMissing = (error: unknown): boolean => error instanceof Error && missing.has(error.name);

/** Undefined where what was asked for is not there. @throws as `ask` */
export async function askForOne<T>(call: () => Promise<T>): Promise<T | undefined> {
  try {
    return await call();
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw toStoreError(error);
  }
}

/** @throws KolateError KLT_DEPENDENCY_UNAVAILABLE, KLT_STORE_ACCESS_DENIED */
export async function ask<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    throw toStoreError(error);
  }
}

function toStoreError(error: unknown): KolateError {
  if (error instanceof Error && error.name === 'AccessDenied') {
    return new KolateError('KLT_STORE_ACCESS_DENIED', 'the object store refuses access', { cause: error });
  }
  return new KolateError('KLT_DEPENDENCY_UNAVAILABLE', 'the object store does not answer', {
    retryAfterSeconds: 1,
    cause: error,
  });
}

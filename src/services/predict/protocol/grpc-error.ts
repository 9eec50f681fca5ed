import { Metadata, status } from '@grpc/grpc-js';
import type { KolateError } from '../../../contracts/errors';

const statusOf: Readonly<Record<number, status>> = {
  400: status.INVALID_ARGUMENT,
  401: status.UNAUTHENTICATED,
  403: status.PERMISSION_DENIED,
  404: status.NOT_FOUND,
  409: status.FAILED_PRECONDITION,
  413: status.RESOURCE_EXHAUSTED,
  422: status.INVALID_ARGUMENT,
  429: status.RESOURCE_EXHAUSTED,
  503: status.UNAVAILABLE,
  504: status.DEADLINE_EXCEEDED,
};

/** An error as gRPC tells it, with our code, the id by which the log has the call, and Retry-After in the trailers. */
export function toGrpcError(
  error: KolateError,
  traceId: string,
): { code: status; details: string; metadata: Metadata } {
  const { code, detail, options } = error;
  const metadata = new Metadata();
  metadata.set('kolate-code', code);
  metadata.set('x-request-id', traceId);
  if (options.retryAfterSeconds !== undefined)
    metadata.set('retry-after', String(Math.ceil(options.retryAfterSeconds)));
  const details = options.hint === undefined ? detail : `${detail} (${options.hint})`;
  return { code: statusOf[error.status] ?? status.INTERNAL, details, metadata };
}

import type { OutgoingHttpHeaders } from 'node:http2';
import type { KolateError } from '../../../src/contracts/errors';

/** https://grpc.io/docs/guides/status-codes/ */
const status = {
  invalidArgument: 3,
  deadlineExceeded: 4,
  permissionDenied: 7,
  resourceExhausted: 8,
  unimplemented: 12,
  internal: 13,
  unavailable: 14,
  unauthenticated: 16,
} as const;

const byHttpStatus: Readonly<Record<number, number>> = {
  400: status.invalidArgument,
  401: status.unauthenticated,
  403: status.permissionDenied,
  // A path that is not a call of ours.
  404: status.unimplemented,
  413: status.resourceExhausted,
  429: status.resourceExhausted,
  503: status.unavailable,
  504: status.deadlineExceeded,
};

export const grpcStatusOf = (error: KolateError): number => byHttpStatus[error.status] ?? status.internal;

/**
 * An error as gRPC trailers: `grpc-status`, `grpc-message`, our code in `kolate-code`; when to try again in
 * `retry-after` (seconds) and in `grpc-retry-pushback-ms`, which clients with a retry policy obey (gRPC proposal A6).
 */
export function statusTrailers(error: KolateError): OutgoingHttpHeaders {
  const { code, detail, options } = error;
  const seconds = options.retryAfterSeconds;
  return {
    'grpc-status': String(grpcStatusOf(error)),
    'grpc-message': percentEncoded(detail),
    'kolate-code': code,
    ...(seconds !== undefined && {
      'retry-after': String(Math.max(1, Math.ceil(seconds))),
      'grpc-retry-pushback-ms': String(Math.ceil(seconds * 1_000)),
    }),
  };
}

/** Printable ASCII as it is, all else as %XX of its UTF-8: https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md */
const percentEncoded = (text: string): string =>
  Array.from(Buffer.from(text, 'utf8'), (byte) =>
    byte >= 0x20 && byte <= 0x7e && byte !== 0x25
      ? String.fromCharCode(byte)
      : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`,
  ).join('');

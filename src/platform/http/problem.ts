import { errorCodes, KolateError, toKolateError } from '../../contracts/errors';
import type { Problem } from '../../contracts/http/common';

export const problemType = 'application/problem+json';

/** An error as RFC 9457 problem details. What is not ours becomes KLT_INTERNAL and shows nothing of its inside. */
export function toProblem(error: unknown, traceId?: string, instance?: string): Problem {
  const { code, detail, status, options } = toKolateError(error);
  return {
    ...options.extra,
    type: `https://kolate.dev/errors/${code}`,
    title: errorCodes[code].title,
    status,
    detail,
    code,
    ...(instance === undefined ? {} : { instance }),
    ...(traceId === undefined ? {} : { traceId }),
    ...(options.hint === undefined ? {} : { hint: options.hint }),
    ...(options.errors === undefined ? {} : { errors: [...options.errors] }),
  };
}

type FrameworkError = { code?: string; statusCode?: number; message: string };

const isFrameworkError = (error: unknown): error is FrameworkError =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' && error.code.startsWith('FST_');

/** Fastify's own refusals as ours; anything else unchanged. */
export function fromFramework(error: unknown): unknown {
  if (error instanceof SyntaxError && 'statusCode' in error) {
    return new KolateError('KLT_BODY_MALFORMED', `the body is not valid JSON: ${error.message}`);
  }
  if (!isFrameworkError(error)) return error;
  switch (error.code) {
    case 'FST_ERR_CTP_INVALID_MEDIA_TYPE':
      return new KolateError('KLT_MEDIA_TYPE_UNSUPPORTED', 'send application/json');
    case 'FST_ERR_BAD_URL':
      return new KolateError('KLT_URL_MALFORMED', 'a part of the path cannot be percent-decoded');
    case 'FST_ERR_CTP_BODY_TOO_LARGE':
      return new KolateError('KLT_BODY_TOO_LARGE', 'the body is larger than this route takes');
    case 'FST_ERR_CTP_INVALID_JSON_BODY':
    case 'FST_ERR_CTP_INVALID_CONTENT_LENGTH':
      return new KolateError('KLT_BODY_MALFORMED', error.message);
    default:
      return error.statusCode !== undefined && error.statusCode < 500
        ? new KolateError('KLT_BODY_MALFORMED', error.message)
        : error;
  }
}

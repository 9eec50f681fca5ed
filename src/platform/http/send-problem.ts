import type { FastifyReply, FastifyRequest } from 'fastify';
import { KolateError } from '../../contracts/errors';
import { isProtocolPath } from '../../contracts/http/inference';
import { problemType, toProblem } from './problem';

/**
 * Answers `error` as problem details (under `/v2` with the protocol's `error` beside them), with `Retry-After` and
 * `WWW-Authenticate` where they belong; logs what is our fault.
 */
export function sendProblem(request: FastifyRequest, reply: FastifyReply, error: unknown): FastifyReply {
  const problem = toProblem(error, request.trace.traceId, request.url.split('?', 1)[0]);
  if (problem.status >= 500) request.log.error({ err: error, traceId: request.trace.traceId }, problem.title);
  if (error instanceof KolateError) reply.headers(error.options.headers ?? {});
  if (error instanceof KolateError && error.options.retryAfterSeconds !== undefined) {
    reply.header('retry-after', Math.max(1, Math.ceil(error.options.retryAfterSeconds)));
  } else if (problem.status === 503) reply.header('retry-after', 1);
  if (problem.status === 401) reply.header('www-authenticate', 'Bearer');
  if (isProtocolPath(problem.instance ?? '')) {
    // As bytes, since fastify would add a charset to JSON; clients of the protocol compare the media type as text.
    const body = Buffer.from(JSON.stringify({ error: problem.detail, ...problem }));
    return reply.code(problem.status).header('content-type', 'application/json').send(body);
  }
  return reply.code(problem.status).type(problemType).send(problem);
}

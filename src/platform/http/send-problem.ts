import type { FastifyReply, FastifyRequest } from 'fastify';
import { KolateError } from '../../contracts/errors';
import { problemType, toProblem } from './problem';

/** Answers `error` as problem details, with `Retry-After` and `WWW-Authenticate` where they belong; logs what is our fault. */
export function sendProblem(request: FastifyRequest, reply: FastifyReply, error: unknown): FastifyReply {
  const problem = toProblem(error, request.trace.traceId, request.url.split('?', 1)[0]);
  if (problem.status >= 500) request.log.error({ err: error, traceId: request.trace.traceId }, problem.title);
  if (error instanceof KolateError && error.options.retryAfterSeconds !== undefined) {
    reply.header('retry-after', Math.max(1, Math.ceil(error.options.retryAfterSeconds)));
  } else if (problem.status === 503) reply.header('retry-after', 1);
  if (problem.status === 401) reply.header('www-authenticate', 'Bearer');
  return reply.code(problem.status).type(problemType).send(problem);
}

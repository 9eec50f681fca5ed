import type { FastifyInstance } from 'fastify';
import { KolateError } from '../../contracts/errors';
import { sendProblem } from './send-problem';

const matcherOf = (url: string): RegExp => new RegExp(`^${url.replace(/:[^/]+/g, '[^/]+').replace(/\*/g, '.*')}$`);

/** Tells an unknown route (404) from a known one that was asked with another method (405 with `Allow`). */
export function installAllowHeader(app: FastifyInstance): void {
  const methods = new Map<string, { matches: RegExp; allowed: Set<string> }>();
  app.addHook('onRoute', ({ url, method }) => {
    const known = methods.get(url) ?? { matches: matcherOf(url), allowed: new Set<string>() };
    for (const one of [method].flat()) known.allowed.add(one);
    methods.set(url, known);
  });
  app.setNotFoundHandler((request, reply) => {
    const path = request.url.split('?', 1)[0] ?? '/';
    const allowed = [...methods.values()]
      .filter(({ matches }) => matches.test(path))
      .flatMap((known) => [...known.allowed]);
    if (allowed.length === 0)
      return sendProblem(request, reply, new KolateError('KLT_ROUTE_UNKNOWN', `there is nothing at ${path}`));
    const allow = [...new Set(allowed)].sort().join(', ');
    reply.header('allow', allow);
    return sendProblem(
      request,
      reply,
      new KolateError('KLT_METHOD_NOT_ALLOWED', `${request.method} is not allowed on ${path}; ${allow} are`),
    );
  });
}

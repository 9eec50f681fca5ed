import type { FastifyRequest } from 'fastify';

/** The first value of a request's header. */
export const headerOf = (request: FastifyRequest, name: string): string | undefined => {
  const value = request.headers[name];
  return Array.isArray(value) ? value[0] : value;
};

import { Readable } from 'node:stream';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { KolateError } from '../../src/contracts/errors';
import { allRoutes } from '../../src/contracts/http/all-routes';
import type { Route, ServiceName } from '../../src/contracts/http/route';
import { toOpenApi } from '../../src/contracts/http/to-openapi';
import { createServiceApp, type Probe } from '../../src/platform/http/create-service-app';
import {
  bodyFaults,
  type Checks,
  colonPath,
  compileChecks,
  invalidRequest,
  parameterFaults,
} from '../../src/platform/http/register-route';
import { headerOf } from '../../src/platform/http/request-header';
import { limitHeaders, requireAllowed } from '../../src/platform/http/require-allowed';
import type { Logger } from '../../src/platform/logging/create-logger';
import type { RateLimiter } from '../../src/platform/redis/create-rate-limiter';
import type { CheckCaller } from './check-caller';
import { requestHeaders, requestIdOf, responseHeaders } from './forwarded-headers';
import { limitCaller } from './limit-caller';
import { announcesBody, boundedBody, maxBodyBytes, readJsonBody } from './request-body';
import type { Upstream, UpstreamAnswer } from './upstream';

export type GatewayOptions = {
  readonly log: Logger;
  readonly checkCaller: CheckCaller;
  readonly limiter: RateLimiter;
  readonly upstreams: Readonly<Record<ServiceName, Upstream>>;
  readonly probes: readonly Probe[];
  readonly routes?: readonly Route[];
};

const clientTimeoutMs = 60_000;

/**
 * What API Gateway is on AWS: every route of the contracts, each with its authorizer, limit and validation before the
 * service sees the request, and API Gateway's own bounds (10 MB, 29 s).
 */
export function createGatewayApp(options: GatewayOptions): FastifyInstance {
  const { log, probes, routes = allRoutes } = options;
  const app = createServiceApp({ log, probes, bodyLimitBytes: maxBodyBytes });
  app.server.requestTimeout = clientTimeoutMs;
  app.addHook('onRequest', async (request, reply) => {
    const requestId = requestIdOf(headerOf(request, 'x-request-id'), request.trace.traceId);
    reply.header('x-request-id', requestId);
  });
  // Bodies stay streams: what is read, and by whom, is the route's business.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', (_request, _payload, done) => done(null, undefined));
  for (const route of routes) addRoute(app, options, route);
  const document = toOpenApi(routes);
  app.get('/openapi.json', () => document);
  return app;
}

function addRoute(app: FastifyInstance, options: GatewayOptions, route: Route): void {
  const check = compileChecks(route);
  app.route({
    // By hand, since fastify's own HEAD would set the length of a body that it does not see.
    method: route.method === 'GET' ? ['GET', 'HEAD'] : route.method,
    exposeHeadRoute: false,
    url: colonPath(route.path),
    onRequest: async (request, reply) => {
      if (route.public) return;
      const identity = await options.checkCaller(route, headerOf(request, 'authorization'));
      request.identity = identity;
      const decision = await limitCaller(options.limiter, identity, route.throttle);
      if (!decision) return;
      reply.headers(limitHeaders(decision));
      requireAllowed(decision);
    },
    handler: async (request, reply) => {
      const body = await checkedBody(route, check, request);
      return passOn(options.upstreams[route.service], request, reply, body);
    },
  });
}

type Body = Buffer | Readable | undefined;

/** The body to hand on, once parameters, query and body fit the route. @throws KolateError with 400, 413, 415, 422 */
async function checkedBody(route: Route, check: Checks, request: FastifyRequest): Promise<Body> {
  const hasBody = announcesBody(request.raw);
  const faults = [
    ...parameterFaults(check.params, request.params, 'path'),
    ...parameterFaults(check.query, request.query, 'query'),
  ];
  if (route.opaqueBody) {
    if (faults.length > 0) throw invalidRequest(faults);
    return hasBody ? Readable.from(boundedBody(request.raw), { objectMode: false }) : undefined;
  }
  const { bytes, value } = hasBody ? await readJsonBody(request.raw) : {};
  faults.push(...bodyFaults(check.body, value));
  if (faults.length > 0) throw invalidRequest(faults);
  return bytes;
}

async function passOn(
  upstream: Upstream,
  request: FastifyRequest,
  reply: FastifyReply,
  body: Body,
): Promise<FastifyReply> {
  const gone = new AbortController();
  reply.raw.once('close', () => {
    if (!reply.raw.writableFinished) gone.abort();
  });
  const answer = await upstream.send({
    path: request.raw.url ?? '/',
    method: request.method === 'HEAD' ? 'HEAD' : methodOf(request),
    headers: requestHeaders(request.headers, {
      // The socket's, not `request.ip`, which believes X-Forwarded-For.
      address: request.raw.socket.remoteAddress ?? 'unknown',
      host: request.headers.host,
      requestId: String(reply.getHeader('x-request-id')),
      traceparent: request.trace.traceparent,
    }),
    body,
    signal: gone.signal,
  });
  return sendAnswer(reply, answer, request.method === 'HEAD');
}

const methods = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] as const;

function methodOf({ method }: FastifyRequest): (typeof methods)[number] {
  const known = methods.find((one) => one === method);
  if (!known) throw new KolateError('KLT_METHOD_NOT_ALLOWED', `${method} is not allowed here`);
  return known;
}

function sendAnswer(reply: FastifyReply, answer: UpstreamAnswer, head: boolean): FastifyReply {
  reply.code(answer.statusCode).headers(responseHeaders(answer.headers));
  if (!head && answer.statusCode !== 204 && answer.statusCode !== 304) return reply.send(answer.body);
  answer.body.resume();
  return reply.send();
}

import fastify, { type FastifyBaseLogger, type FastifyInstance, type FastifyRequest, LogController } from 'fastify';
import { collectDefaultMetrics, Histogram, Registry } from 'prom-client';
import { KolateError } from '../../contracts/errors';
import type { Identity } from '../../contracts/scopes';
import type { Logger } from '../logging/create-logger';
import { continueTrace, type TraceContext } from '../telemetry/trace-context';
import type { Span, Tracer } from '../telemetry/tracer';
import { answerClientError } from './client-error';
import { closeWhenIdle } from './close-when-idle';
import { installAllowHeader } from './method-not-allowed';
import { fromFramework } from './problem';
import { headerOf } from './request-header';
import type { LimitCaller } from './require-allowed';
import { sendProblem } from './send-problem';

declare module 'fastify' {
  interface FastifyRequest {
    trace: TraceContext;
    /** Absent where the request is not recorded. */
    span: Span | undefined;
    identity: Identity | undefined;
  }
  interface FastifyInstance {
    limitCaller: LimitCaller | undefined;
  }
}

export type Probe = { readonly name: string; readonly check: () => Promise<unknown> };

export type ServiceAppOptions = {
  readonly log: Logger;
  /** What has to answer for the service to be ready. Each is given 2 s. */
  readonly probes: readonly Probe[];
  readonly bodyLimitBytes?: number;
  readonly metrics?: Registry;
  /** Keeps callers' limits; absent where a gateway in front does. */
  readonly limitCaller?: LimitCaller;
  /** Records requests; absent where nobody collects spans. */
  readonly tracer?: Tracer;
};

const probeTimeoutMs = 2_000;

/**
 * A fastify instance with what every service has: problem details for every error, W3C trace context, `/healthz`
 * (the process), `/readyz` (its dependencies), `/metrics` (Prometheus text), an access log line a request.
 */
export function createServiceApp(options: ServiceAppOptions): FastifyInstance {
  const { log, probes, bodyLimitBytes = 1_048_576 } = options;
  const loggerInstance: FastifyBaseLogger = log;
  const app = fastify({
    loggerInstance,
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: bodyLimitBytes,
    trustProxy: true,
    clientErrorHandler: answerClientError,
    // Refused before any hook has run: such a request has no trace of its own yet.
    frameworkErrors: (error, request, reply) => {
      request.trace = continueTrace(undefined);
      void sendProblem(request, reply, fromFramework(error));
    },
  });
  app.decorate('limitCaller', options.limitCaller);
  app.decorateRequest('trace');
  app.decorateRequest('span');
  app.decorateRequest('identity');
  app.addHook('onRequest', (request, reply, done) => {
    startTrace(request, options.tracer);
    reply.header('x-request-id', headerOf(request, 'x-request-id') ?? request.trace.traceId);
    done();
  });
  installProblems(app);
  takeEmptyBodies(app);
  installAllowHeader(app);
  closeWhenIdle(app);
  installTelemetry(app, options.metrics ?? new Registry());
  app.get('/healthz', () => ({ status: 'ok' }));
  app.get('/readyz', async (_request, reply) => {
    const failed = await failedProbes(probes);
    return reply
      .code(failed.length === 0 ? 200 : 503)
      .send({ status: failed.length === 0 ? 'ready' : 'not ready', failed });
  });
  return app;
}

/** Asked all the time by machines: neither logged nor recorded. */
const isProbe = (route: string | undefined): boolean =>
  route === '/healthz' || route === '/readyz' || route === '/metrics';

function startTrace(request: FastifyRequest, tracer: Tracer | undefined): void {
  const traceparent = headerOf(request, 'traceparent');
  const { method, routeOptions, url } = request;
  const route = routeOptions.url;
  const recorded = tracer && !isProbe(route);
  request.span = recorded
    ? tracer.begin('server', route ? `${method} ${route}` : method, traceparent, {
        'http.request.method': method,
        'http.route': route,
        'url.path': url.split('?', 1)[0],
      })
    : undefined;
  // What a tracer left out is left out downstream too.
  request.trace = request.span ?? continueTrace(traceparent, tracer ? '00' : '01');
}

function endSpan(span: Span, request: FastifyRequest, status: number): void {
  span.set({ 'http.response.status_code': status, 'kolate.tenant_id': request.identity?.tenantId });
  // As the conventions have it: a refusal is the caller's failure, not the server's.
  span.end(status >= 500 ? String(status) : undefined);
}

function installProblems(app: FastifyInstance): void {
  app.setErrorHandler((error, request, reply) => sendProblem(request, reply, fromFramework(error)));
}

/** JSON that is announced but empty is no body: clients name a media type on every POST. What a route needs it says itself. */
function takeEmptyBodies(app: FastifyInstance): void {
  const parse = app.getDefaultJsonParser('error', 'error');
  app.addContentTypeParser<string>('application/json', { parseAs: 'string' }, (request, body, done) => {
    if (body === '') done(null, undefined);
    else void parse(request, body, done);
  });
}

async function failedProbes(probes: readonly Probe[]): Promise<string[]> {
  const results = await Promise.allSettled(probes.map(({ check }) => withTimeout(check(), probeTimeoutMs)));
  return probes.filter((_, index) => results[index]?.status === 'rejected').map(({ name }) => name);
}

function withTimeout<T>(work: Promise<T>, ms: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new KolateError('KLT_DEADLINE_EXCEEDED', `no answer within ${ms} ms`)), ms);
  });
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
}

function installTelemetry(app: FastifyInstance, registry: Registry): void {
  collectDefaultMetrics({ register: registry });
  const seconds = new Histogram({
    name: 'http_request_duration_seconds',
    help: 'Time from the request to the end of its answer',
    labelNames: ['method', 'route', 'status'],
    buckets: [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10],
    registers: [registry],
  });
  app.addHook('onResponse', (request, reply, done) => {
    const route = request.routeOptions.url ?? 'unknown';
    seconds.observe({ method: request.method, route, status: reply.statusCode }, reply.elapsedTime / 1_000);
    if (request.span) endSpan(request.span, request, reply.statusCode);
    if (!isProbe(route)) {
      request.log.info({
        method: request.method,
        path: request.url.split('?', 1)[0],
        status: reply.statusCode,
        ms: Math.round(reply.elapsedTime * 100) / 100,
        tenantId: request.identity?.tenantId,
        traceId: request.trace.traceId,
      });
    }
    done();
  });
  app.get('/metrics', async (_request, reply) => reply.type(registry.contentType).send(await registry.metrics()));
}

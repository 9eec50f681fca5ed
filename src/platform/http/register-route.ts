import type { Static, TSchema } from '@sinclair/typebox';
import type { ValidateFunction } from 'ajv';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { type BodyError, type FieldError, KolateError, type ParameterPlace } from '../../contracts/errors';
import type { Route } from '../../contracts/http/route';
import type { Identity } from '../../contracts/scopes';
import { fieldErrors, parameterErrors, strictAjv, textAjv } from '../config/validators';
import type { TraceContext } from '../telemetry/trace-context';
import { bearerToken, requireScopes } from './authorize';
import { headerOf } from './request-header';
import { limitHeaders, requireAllowed } from './require-allowed';
import { textFaults } from './text-faults';

type Part<S> = S extends TSchema ? Static<S> : undefined;

/** A request after token, scopes and schema have been checked. */
export type Call<R extends Route = Route> = {
  readonly route: R;
  readonly identity: Identity;
  readonly params: Part<R['params']>;
  readonly query: Part<R['query']>;
  readonly body: Part<R['body']>;
  readonly trace: TraceContext;
  readonly ifMatch: string | undefined;
  readonly ifNoneMatch: string | undefined;
  readonly idempotencyKey: string | undefined;
};

export type Answer = {
  readonly status: number;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
};

export type Handler<R extends Route> = (call: Call<R>) => Promise<Answer>;
/** Verified claims of a token. @throws KolateError KLT_TOKEN_INVALID */
export type VerifyToken = (token: string) => Identity | Promise<Identity>;

/** OpenAPI's `{name}` as fastify's `:name`. */
export const colonPath = (path: string): string => path.replace(/\{([^}]+)\}/g, ':$1');
const idempotencyKeyForm = /^[\x21-\x7e]{1,255}$/;

/** Registers `route` as its contract says: token → scopes → limit → schema → `handle`. The handler knows no framework. */
export function registerRoute<R extends Route>(
  app: FastifyInstance,
  verifyToken: VerifyToken,
  route: R,
  handle: Handler<R>,
): void {
  const check = compileChecks(route);
  app.route({
    method: route.method,
    url: colonPath(route.path),
    // Before the body is read: nobody without a token makes us parse anything.
    onRequest: async (request, reply) => {
      const identity = await verifyToken(bearerToken(headerOf(request, 'authorization')));
      request.identity = identity;
      requireScopes(identity, route.scopes);
      const decision = await app.limitCaller?.(identity, route.throttle);
      if (!decision) return;
      reply.headers(limitHeaders(decision));
      requireAllowed(decision);
    },
    handler: async (request, reply) => send(reply, await handle(toCall(route, request, check))),
  });
}

function send(reply: FastifyReply, answer: Answer): FastifyReply {
  for (const [name, value] of Object.entries(answer.headers ?? {})) reply.header(name, value);
  return reply.code(answer.status).send(answer.body);
}

export type Checks = { params?: ValidateFunction; query: ValidateFunction; body: ValidateFunction };

/** Nothing, or an object with nothing in it: some clients send one with every POST. */
const nothing = { type: 'object', nullable: true, additionalProperties: false };

export const compileChecks = (route: Route): Checks => ({
  params: route.params && textAjv.compile(route.params),
  query: textAjv.compile(route.query ?? { type: 'object', additionalProperties: false }),
  body: strictAjv.compile(route.body ?? nothing),
});

function toCall<R extends Route>(route: R, request: FastifyRequest, check: Checks): Call<R> {
  const { identity, params, query, trace } = request;
  if (!identity) throw new KolateError('KLT_TOKEN_MISSING', 'the request was not authenticated');
  const faults = [
    ...parameterFaults(check.params, params, 'path'),
    ...parameterFaults(check.query, query, 'query'),
    ...bodyFaults(check.body, request.body),
    ...textFaults(request.body),
  ];
  if (faults.length > 0) throw invalidRequest(faults);
  const call = {
    route,
    identity,
    params,
    query,
    body: route.body === undefined ? undefined : request.body,
    trace,
    ifMatch: headerOf(request, 'if-match'),
    ifNoneMatch: headerOf(request, 'if-none-match'),
    idempotencyKey: idempotencyKeyOf(request),
  };
  // The schemas above have just proved these types.
  return call as Call<R>;
}

/** What the parameters of one place have against their schema. */
export const parameterFaults = (
  check: ValidateFunction | undefined,
  values: unknown,
  place: ParameterPlace,
): FieldError[] => (!check || check(values) ? [] : parameterErrors(check.errors, place));

/** What a body has against its schema; no body is `undefined`. */
export const bodyFaults = (check: ValidateFunction, body: unknown): BodyError[] =>
  check(body ?? null) ? [] : fieldErrors(check.errors);

const placeOf = (error: FieldError): string =>
  'parameter' in error ? `${error.parameter} (${error.in})` : error.pointer || 'the body';

export const invalidRequest = (errors: readonly FieldError[]): KolateError =>
  new KolateError('KLT_REQUEST_INVALID', errors.map((error) => `${placeOf(error)} ${error.detail}`).join('; '), {
    errors,
  });

function idempotencyKeyOf(request: FastifyRequest): string | undefined {
  const key = headerOf(request, 'idempotency-key');
  if (key === undefined || idempotencyKeyForm.test(key)) return key;
  const detail = 'must be 1 to 255 visible ASCII characters';
  throw invalidRequest([{ parameter: 'idempotency-key', in: 'header', detail }]);
}

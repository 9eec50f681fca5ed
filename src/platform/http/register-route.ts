import type { Static, TSchema } from '@sinclair/typebox';
import type { ValidateFunction } from 'ajv';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { type FieldError, KolateError } from '../../contracts/errors';
import type { Route } from '../../contracts/http/route';
import type { Identity } from '../../contracts/scopes';
import { fieldErrors, strictAjv, textAjv } from '../config/validators';
import type { TraceContext } from '../telemetry/trace-context';
import { bearerToken, requireScopes } from './authorize';
import { headerOf } from './request-header';
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

/** Registers `route` as its contract says: token → scopes → schema → `handle`. The handler knows no framework. */
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
    onRequest: async (request) => {
      const identity = await verifyToken(bearerToken(headerOf(request, 'authorization')));
      request.identity = identity;
      requireScopes(identity, route.scopes);
    },
    handler: async (request, reply) => send(reply, await handle(toCall(route, request, check))),
  });
}

function send(reply: FastifyReply, answer: Answer): FastifyReply {
  for (const [name, value] of Object.entries(answer.headers ?? {})) reply.header(name, value);
  return reply.code(answer.status).send(answer.body);
}

export type Checks = { params?: ValidateFunction; query?: ValidateFunction; body?: ValidateFunction };

export const compileChecks = (route: Route): Checks => ({
  params: route.params && textAjv.compile(route.params),
  query: textAjv.compile(route.query ?? { type: 'object', additionalProperties: false }),
  body: route.body && strictAjv.compile(route.body),
});

function toCall<R extends Route>(route: R, request: FastifyRequest, check: Checks): Call<R> {
  const { identity, params, query, trace } = request;
  if (!identity) throw new KolateError('KLT_TOKEN_MISSING', 'the request was not authenticated');
  const body = route.body === undefined ? undefined : request.body;
  const faults = [
    ...faultsOf(check.params, params, 'params'),
    ...faultsOf(check.query, query, 'query'),
    ...faultsOf(check.body, body === undefined && check.body ? null : body, ''),
    ...textFaults(body),
  ];
  if (faults.length > 0) throw invalidRequest(faults);
  const call = {
    route,
    identity,
    params,
    query,
    body,
    trace,
    ifMatch: headerOf(request, 'if-match'),
    ifNoneMatch: headerOf(request, 'if-none-match'),
    idempotencyKey: idempotencyKeyOf(request),
  };
  // The schemas above have just proved these types.
  return call as Call<R>;
}

/** What a part of a request has against its schema. @param prefix of the pointers: `params`, `query`, or nothing for the body */
export const faultsOf = (check: ValidateFunction | undefined, value: unknown, prefix: string): FieldError[] =>
  !check || check(value) ? [] : fieldErrors(check.errors, prefix);

export const invalidRequest = (errors: readonly FieldError[]): KolateError =>
  new KolateError(
    'KLT_REQUEST_INVALID',
    errors.map(({ pointer, detail }) => `${pointer || 'the body'} ${detail}`).join('; '),
    { errors },
  );

function idempotencyKeyOf(request: FastifyRequest): string | undefined {
  const key = headerOf(request, 'idempotency-key');
  if (key === undefined || idempotencyKeyForm.test(key)) return key;
  throw invalidRequest([{ pointer: 'headers/idempotency-key', detail: 'must be 1 to 255 visible ASCII characters' }]);
}

import { connect } from 'node:net';
import { Writable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { Type } from '@sinclair/typebox';
import type { FastifyInstance } from 'fastify';
import { KolateError } from '../../../src/contracts/errors';
import { route } from '../../../src/contracts/http/route';
import type { Identity } from '../../../src/contracts/scopes';
import { leaseFrom } from '../../../src/domain/limits/token-bucket';
import { createServiceApp } from '../../../src/platform/http/create-service-app';
import { toProblem } from '../../../src/platform/http/problem';
import { registerRoute } from '../../../src/platform/http/register-route';
import { createAdmission, type LimitCaller } from '../../../src/platform/http/require-allowed';
import { createLogger } from '../../../src/platform/logging/create-logger';
import { createMemoryLeases } from '../../../src/platform/redis/create-memory-leases';
import { createRateLimiter } from '../../../src/platform/redis/create-rate-limiter';

const things = route({
  operationId: 'createThing',
  summary: 'Make a thing',
  service: 'core',
  method: 'POST',
  path: '/v1/things/{thingId}',
  scopes: ['tenants:write'],
  throttle: 'control',
  params: Type.Object({ thingId: Type.Integer() }, { additionalProperties: false }),
  query: Type.Object({ loud: Type.Optional(Type.Boolean()) }, { additionalProperties: false }),
  body: Type.Object(
    {
      name: Type.String(),
      size: Type.Integer(),
      tag: Type.Optional(Type.String({ pattern: '^[a-z]$', description: 'one lower-case letter' })),
    },
    { additionalProperties: false },
  ),
  responses: { 200: Type.Unknown() },
});

const { body: _body, query: _query, ...bodyless } = things;
const suspend = route({ ...bodyless, operationId: 'suspendThing', path: '/v1/things/{thingId}/suspend' });

const identity = (scopes: string[]): Identity => ({
  subject: 'ann',
  tenantId: undefined,
  tier: undefined,
  scopes: new Set(scopes),
  roles: [],
  expiresAt: 4_000_000_000,
});

const silent = () => createLogger('test', 'info', new Writable({ write: (_chunk, _encoding, done) => done() }));

function createApp(ready: () => Promise<unknown> = async () => undefined, limitCaller?: LimitCaller): FastifyInstance {
  const probes = [{ name: 'store', check: ready }];
  const app = createServiceApp({ log: silent(), probes, bodyLimitBytes: 200, limitCaller });
  const verify = (token: string): Identity => {
    if (token === 'good') return identity(['tenants:write']);
    if (token === 'weak') return identity([]);
    throw new KolateError('KLT_TOKEN_INVALID', 'the token is malformed or its signature does not fit');
  };
  registerRoute(app, verify, things, async ({ params, query, body }) => {
    if (body.name === 'boom') throw new Error('the inside of the service');
    return { status: 200, body: { params, query, body } };
  });
  registerRoute(app, verify, suspend, async ({ body }) => ({ status: 200, body: { body: body ?? null } }));
  return app;
}

const post = (app: FastifyInstance, body: unknown, options: { url?: string; headers?: Record<string, string> } = {}) =>
  app.inject({
    method: 'POST',
    url: options.url ?? '/v1/things/7?loud=true',
    headers: { authorization: 'Bearer good', 'content-type': 'application/json', ...options.headers },
    payload: typeof body === 'string' ? body : JSON.stringify(body),
  });

describe('a service app', () => {
  it('coerces text in path and query and hands the checked request over', async () => {
    const answer = await post(createApp(), { name: 'a', size: 2 });
    expect(answer.json()).toEqual({ params: { thingId: 7 }, query: { loud: true }, body: { name: 'a', size: 2 } });
  });

  it.each([
    ['an unknown field', { name: 'a', size: 1, x: 1 }, '/x', 'is not a known field'],
    ['a missing field', { name: 'a' }, '/size', 'is missing'],
    ['a wrong type, without coercing it', { name: 'a', size: '1' }, '/size', 'must be integer'],
    ['a name that does not fit, in words', { name: 'a', size: 1, tag: 'B' }, '/tag', 'must be one lower-case letter'],
    ['a NUL character', { name: 'a\0', size: 1 }, '/name', 'has a NUL character'],
    ['half of a surrogate pair', '{"name":"\\ud800","size":1}', '/name', 'has half of a surrogate pair'],
  ])('refuses %s with its JSON pointer', async (_what, body, pointer, detail) => {
    const answer = await post(createApp(), body);
    expect(answer.statusCode).toBe(422);
    expect(answer.headers['content-type']).toMatch(/^application\/problem\+json/);
    expect(answer.json()).toMatchObject({ code: 'KLT_REQUEST_INVALID', errors: [{ pointer, detail }] });
  });

  it.each([
    ['a part of the path', {}, '/v1/things/seven', [{ parameter: 'thingId', in: 'path', detail: 'must be integer' }]],
    ['the query', {}, '/v1/things/7?shout=1', [{ parameter: 'shout', in: 'query', detail: 'is not known' }]],
    [
      'a header',
      { 'idempotency-key': 'a b' },
      '/v1/things/7',
      [{ parameter: 'idempotency-key', in: 'header', detail: 'must be 1 to 255 visible ASCII characters' }],
    ],
  ])(
    'names %s at fault by its name and place, since no JSON pointer leads there',
    async (_what, headers, url, errors) => {
      const answer = await post(createApp(), { name: 'a', size: 1 }, { url, headers });
      expect([answer.statusCode, answer.json().errors]).toEqual([422, errors]);
    },
  );

  it('escapes what a JSON pointer gives a meaning', async () => {
    const answer = await post(createApp(), { name: 'a', size: 1, 'a/b~c': 1 });
    expect(answer.json().errors).toEqual([{ pointer: '/a~1b~0c', detail: 'is not a known field' }]);
  });

  it.each(['', '{}'])('takes the body "%s" where the route has none', async (body) => {
    const answer = await post(createApp(), body, { url: '/v1/things/7/suspend' });
    expect([answer.statusCode, answer.json()]).toEqual([200, { body: null }]);
  });

  it('refuses a body with something in it where the route has none', async () => {
    const answer = await post(createApp(), { why: 'x' }, { url: '/v1/things/7/suspend' });
    expect([answer.statusCode, answer.json().errors]).toEqual([
      422,
      [{ pointer: '/why', detail: 'is not a known field' }],
    ]);
  });

  it('refuses an empty body where the route needs one', async () => {
    const answer = await post(createApp(), '');
    expect([answer.statusCode, answer.json().code]).toEqual([422, 'KLT_REQUEST_INVALID']);
  });

  it('keeps the members of problem details from being overwritten by further ones', () => {
    const extra = { status: 200, code: 'X', allowed: ['resume'] };
    const problem = toProblem(new KolateError('KLT_TENANT_TRANSITION_ILLEGAL', 'it is suspended', { extra }));
    expect(problem).toMatchObject({ status: 409, code: 'KLT_TENANT_TRANSITION_ILLEGAL', allowed: ['resume'] });
  });

  it.each([
    ['malformed JSON', '{"name":', {}, 400, 'KLT_BODY_MALFORMED'],
    ['a body past the limit', { name: 'a'.repeat(300), size: 1 }, {}, 413, 'KLT_BODY_TOO_LARGE'],
    ['a wrong media type', 'a=1', { 'content-type': 'text/csv' }, 415, 'KLT_MEDIA_TYPE_UNSUPPORTED'],
    ['no token', { name: 'a', size: 1 }, { authorization: '' }, 401, 'KLT_TOKEN_MISSING'],
    ['a bad token', { name: 'a', size: 1 }, { authorization: 'Bearer bad' }, 401, 'KLT_TOKEN_INVALID'],
    ['a token without the scope', { name: 'a', size: 1 }, { authorization: 'Bearer weak' }, 403, 'KLT_SCOPE_MISSING'],
  ])('answers %s with its status and code', async (_what, body, headers, status, code) => {
    const answer = await post(createApp(), body, { headers });
    expect([answer.statusCode, answer.json().code]).toEqual([status, code]);
  });

  it('tells an unknown route from a wrong method and names the allowed ones', async () => {
    const app = createApp();
    const unknown = await app.inject({ method: 'GET', url: '/v1/nothing' });
    expect([unknown.statusCode, unknown.json().code]).toEqual([404, 'KLT_ROUTE_UNKNOWN']);
    const wrong = await app.inject({ method: 'PUT', url: '/v1/things/7' });
    expect([wrong.statusCode, wrong.headers.allow, wrong.json().code]).toEqual([405, 'POST', 'KLT_METHOD_NOT_ALLOWED']);
  });

  it('answers a path that cannot be decoded with problem details', async () => {
    const answer = await createApp().inject({ method: 'GET', url: '/v1/things/%zz' });
    expect([answer.statusCode, answer.json().code]).toEqual([400, 'KLT_URL_MALFORMED']);
    expect(answer.headers['content-type']).toMatch(/^application\/problem\+json/);
  });

  it('shows nothing of an unexpected error but the trace id that the log has too', async () => {
    const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
    const answer = await post(createApp(), { name: 'boom', size: 1 }, { headers: { traceparent } });
    expect(answer.statusCode).toBe(500);
    expect(answer.body).not.toContain('inside');
    expect(answer.json()).toMatchObject({ code: 'KLT_INTERNAL', traceId: '4bf92f3577b34da6a3ce929d0e0e4736' });
  });

  it('is alive without its dependencies but ready only with them', async () => {
    const app = createApp(async () => Promise.reject(new Error('down')));
    expect((await app.inject('/healthz')).statusCode).toBe(200);
    const ready = await app.inject('/readyz');
    expect([ready.statusCode, ready.json()]).toEqual([503, { status: 'not ready', failed: ['store'] }]);
  });

  it('counts requests by route in Prometheus text', async () => {
    const app = createApp();
    await post(app, { name: 'a', size: 2 });
    const { body } = await app.inject('/metrics');
    expect(body).toContain(
      'http_request_duration_seconds_count{method="POST",route="/v1/things/:thingId",status="200"} 1',
    );
  });
});

describe('what is refused before it is a request', () => {
  const answerTo = async (sent: string): Promise<{ status: number; problem: Record<string, unknown> }> => {
    const app = createApp();
    const url = await app.listen({ port: 0, host: '127.0.0.1' });
    const socket = connect(Number(new URL(url).port), '127.0.0.1');
    socket.write(sent);
    const [head = '', body = ''] = (await text(socket)).split('\r\n\r\n');
    socket.destroy();
    await app.close();
    expect(head).toMatch(/content-type: application\/problem\+json/);
    return { status: Number(head.split(' ')[1]), problem: JSON.parse(body) };
  };

  it.each([
    [
      'headers that are too large',
      `GET / HTTP/1.1\r\nhost: a\r\nx: ${'a'.repeat(200_000)}`,
      431,
      'KLT_HEADERS_TOO_LARGE',
    ],
    ['what is no HTTP', 'EHLO kolate\r\n\r\n', 400, 'KLT_REQUEST_MALFORMED'],
  ])('answers %s with problem details', async (_what, sent, status, code) => {
    expect(await answerTo(sent)).toMatchObject({ status, problem: { status, code } });
  });
});

describe('a service that keeps the limits itself', () => {
  const limiter = (): LimitCaller => {
    const { take } = createRateLimiter({
      leases: createMemoryLeases(leaseFrom),
      fallback: createMemoryLeases(leaseFrom),
      leaseSize: 1,
    });
    return ({ subject }, throttle) =>
      throttle === 'control' ? take(subject, { ratePerSecond: 0.01, burst: 2 }) : undefined;
  };

  it('says in each answer what is left, and refuses what is more, before it reads the body', async () => {
    const app = createApp(undefined, limiter());
    const left = [];
    for (let call = 0; call < 2; call += 1) {
      const { statusCode, headers } = await post(app, { name: 'a', size: 1 });
      left.push([statusCode, headers['ratelimit-limit'], headers['ratelimit-remaining']]);
    }
    expect(left).toEqual([
      [200, '2', '1'],
      [200, '2', '0'],
    ]);
    const refused = await post(app, 'no JSON');
    expect(refused.statusCode).toBe(429);
    expect(refused.json().code).toBe('KLT_RATE_LIMITED');
    expect(refused.headers).toMatchObject({
      'ratelimit-remaining': '0',
      'retry-after': expect.stringMatching(/^[1-9]/),
    });
  });

  it('counts nothing of a token that is bad or lacks the scope', async () => {
    const app = createApp(undefined, limiter());
    for (const token of ['bad', 'weak', 'weak']) {
      const { headers } = await post(app, {}, { headers: { authorization: `Bearer ${token}` } });
      expect(headers).not.toHaveProperty('ratelimit-limit');
    }
    expect((await post(app, { name: 'a', size: 1 })).headers['ratelimit-remaining']).toBe('1');
  });
});

describe('the admission of a call without fastify', () => {
  const identityOf = identity([]);
  const decision = { allowed: true, retryAfterSeconds: 0, limit: 5, remaining: 4, resetSeconds: 1 };

  it('takes no promise where the limit is known, and waits where it is not', async () => {
    const seen: string[] = [];
    const known = createAdmission((_identity, throttle) => {
      seen.push(throttle);
      return decision;
    });
    expect(known(identityOf)).toBeUndefined();
    expect(known(identityOf, 'control')).toBeUndefined();
    expect(seen).toEqual(['inference', 'control']);
    const refused = { ...decision, allowed: false, code: 'KLT_QUOTA_EXHAUSTED' as const, retryAfterSeconds: 9 };
    await expect(createAdmission(async () => refused)(identityOf)).rejects.toMatchObject({
      code: 'KLT_QUOTA_EXHAUSTED',
      options: { retryAfterSeconds: 9, headers: { 'ratelimit-limit': '5' } },
    });
  });
});

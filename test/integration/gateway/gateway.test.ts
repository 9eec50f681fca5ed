import { request as httpRequest } from 'node:http';
import { generateKeyPair, SignJWT, UnsecuredJWT } from 'jose';
import { createIssuerDirectory } from '../../../src/platform/identity/create-issuer-directory';
import { startGateway, startService } from '../../helpers/start-gateway';
import { adminToken, startIssuer, type TestIssuer } from '../../helpers/start-issuer';
import { until } from '../../helpers/until';

const secret = 'secret-of-a-tenant-client-in-tests-0001';
let issuer: TestIssuer;
let service: Awaited<ReturnType<typeof startService>>;
let gateway: Awaited<ReturnType<typeof startGateway>>;
let operator: string;
let tenant: string;

beforeAll(async () => {
  issuer = await startIssuer();
  service = await startService();
  gateway = await startGateway({ issuer: issuer.issuer, origin: service.origin });
  operator = await issuer.operatorToken();
  await createIssuerDirectory({ url: issuer.adminUrl, token: adminToken }).createClient({
    clientId: 'pears',
    tenantId: 'tenant-1',
    tier: 'pool',
    scopes: ['tenants:read', 'models:read', 'models:write', 'predictions:read', 'predictions:write'],
    roles: ['tenant-service'],
    clientSecret: secret,
  });
  tenant = JSON.parse(await (await issuer.token('pears', secret)).text()).access_token;
});
afterAll(async () => {
  await gateway.stop();
  await service.stop();
  await issuer.remove();
});
beforeEach(() => {
  service.heard.length = 0;
});

type Call = {
  method?: string;
  token?: string;
  headers?: Record<string, string>;
  body?: string | Uint8Array<ArrayBuffer>;
};

async function call(path: string, { method = 'GET', token, headers = {}, body }: Call = {}) {
  const authorization = token === undefined ? {} : { authorization: `Bearer ${token}` };
  const response = await fetch(gateway.url + path, { method, body, headers: { ...authorization, ...headers } });
  const text = await response.text();
  const isJson = /json/.test(response.headers.get('content-type') ?? '');
  return { status: response.status, headers: response.headers, text, json: isJson ? JSON.parse(text) : undefined };
}
const json = { 'content-type': 'application/json' };
const pears = { slug: 'pears', name: 'Pears', tier: 'pool', contact: 'a@b.example' };
const post = (body: unknown, more: Call = {}) =>
  call('/v1/tenants', { method: 'POST', token: operator, headers: json, body: JSON.stringify(body), ...more });

describe('who may pass', () => {
  it('lets a token through that has the scopes, with the token for the service to check again', async () => {
    const answer = await call('/v1/tenants?limit=5', { token: operator });
    expect([answer.status, answer.json]).toEqual([200, { url: '/v1/tenants?limit=5' }]);
    expect(service.heard[0]?.headers.authorization).toBe(`Bearer ${operator}`);
  });

  it('answers 401 to every token that is none of the issuer’s for this API, and the service hears nothing', async () => {
    const claims = { sub: 'operator', scope: 'tenants:read', roles: ['operator'] };
    const { privateKey } = await generateKeyPair('RS256');
    const sign = (issuedBy: string) =>
      new SignJWT(claims)
        .setProtectedHeader({ alg: 'RS256', kid: 'unknown' })
        .setIssuer(issuedBy)
        .setAudience('https://api.kolate')
        .setExpirationTime('5m')
        .sign(privateKey);
    const [header, , signature] = operator.split('.');
    const raised = Buffer.from(
      JSON.stringify({ ...claims, iss: issuer.issuer, aud: 'https://api.kolate', exp: 4_000_000_000 }),
    );
    const tokens = {
      none: undefined,
      'not a token': 'abc',
      'signed by somebody else': await sign(issuer.issuer),
      'of another issuer': await sign('https://issuer.example'),
      'with other claims than were signed': `${header}.${raised.toString('base64url')}.${signature}`,
      'alg none': new UnsecuredJWT(claims)
        .setIssuer(issuer.issuer)
        .setAudience('https://api.kolate')
        .setExpirationTime('5m')
        .encode(),
      'cut short': operator.slice(0, -5),
    };
    for (const [what, token] of Object.entries(tokens)) {
      const { status, headers, json } = await call('/v1/tenants', { token });
      expect([what, status, headers.get('www-authenticate'), json.code]).toEqual([
        what,
        401,
        'Bearer',
        token === undefined ? 'KLT_TOKEN_MISSING' : 'KLT_TOKEN_INVALID',
      ]);
    }
    expect(service.heard).toEqual([]);
  });

  it('answers 403 naming the scope that is missing', async () => {
    const answer = await call('/v1/operations', { token: tenant });
    expect([answer.status, answer.json.code, answer.json.detail]).toEqual([
      403,
      'KLT_SCOPE_MISSING',
      'the token lacks the scope operations:read',
    ]);
  });

  it('asks no token for what is public', async () => {
    expect((await call('/v2/health/live')).status).toBe(200);
    expect((await call('/openapi.json')).json).toMatchObject({ openapi: '3.1.1' });
  });
});

describe('what does not fit a route', () => {
  it.each([
    ['an unknown route', 'GET', '/v1/nothing', 404, 'KLT_ROUTE_UNKNOWN', null],
    ['a route that climbs', 'GET', '/v1/tenants/../../admin', 404, 'KLT_ROUTE_UNKNOWN', null],
    ['a wrong method', 'PUT', '/v1/tenants', 405, 'KLT_METHOD_NOT_ALLOWED', 'GET, HEAD, POST'],
  ])('answers %s', async (_what, method, path, status, code, allow) => {
    const answer = await call(path, { method, token: operator });
    expect([answer.status, answer.json.code, answer.headers.get('allow')]).toEqual([status, code, allow]);
  });

  it.each([
    ['an unknown field', { ...pears, admin: true }, '/admin'],
    ['a missing field', { ...pears, name: undefined }, '/name'],
    ['a wrong type', { ...pears, name: 7 }, '/name'],
  ])('answers 422 with the pointer to %s', async (_what, body, pointer) => {
    const { status, json } = await post(body);
    expect([status, json.code, json.errors[0].pointer]).toEqual([422, 'KLT_REQUEST_INVALID', pointer]);
    expect(service.heard).toEqual([]);
  });

  it('answers 422 for parameters and query that do not fit', async () => {
    const { json: params } = await call('/v1/tenants/not-a-uuid', { token: operator });
    expect(params.errors).toEqual([{ parameter: 'tenantId', in: 'path', detail: expect.any(String) }]);
    const { json: query } = await call('/v1/tenants?limit=900&shout=1', { token: operator });
    expect(query.errors.map(({ detail: _, ...place }: { detail: string }) => place)).toEqual(
      expect.arrayContaining([
        { parameter: 'limit', in: 'query' },
        { parameter: 'shout', in: 'query' },
      ]),
    );
  });

  it.each([
    ['malformed JSON', { body: '{"slug":' }, 400, 'KLT_BODY_MALFORMED'],
    ['another media type', { headers: { 'content-type': 'text/csv' } }, 415, 'KLT_MEDIA_TYPE_UNSUPPORTED'],
    ['a compressed body', { headers: { ...json, 'content-encoding': 'gzip' } }, 415, 'KLT_MEDIA_TYPE_UNSUPPORTED'],
    ['no body', { body: undefined }, 422, 'KLT_REQUEST_INVALID'],
  ])('answers %s', async (_what, more: Call, status, code) => {
    const answer = await post(pears, more);
    expect([answer.status, answer.json.code]).toEqual([status, code]);
    expect(service.heard).toEqual([]);
  });

  it('takes an empty body, or an empty object, where the route has none, and refuses what has something in it', async () => {
    const suspend = '/v1/tenants/0190a0a0-0000-7000-8000-000000000001/suspend';
    const ask = (body?: string, headers: Record<string, string> = json) =>
      call(suspend, { method: 'POST', token: operator, headers, body });
    expect([(await ask()).status, (await ask('')).status, (await ask('{}')).status]).toEqual([200, 200, 200]);
    expect(service.heard.map(({ body }) => body.toString())).toEqual(['', '', '{}']);
    const refused = await ask('{"reason":"unpaid"}');
    expect([refused.status, refused.json.errors]).toEqual([
      422,
      [{ pointer: '/reason', detail: 'is not a known field' }],
    ]);
    expect((await ask('{"reason":')).status).toBe(400);
    expect((await ask('reason=unpaid', { 'content-type': 'application/x-www-form-urlencoded' })).status).toBe(415);
    expect(service.heard).toHaveLength(3);
  });

  it.each([['headers past what it takes', { 'x-long': 'a'.repeat(20_000) }, 431, 'KLT_HEADERS_TOO_LARGE']])(
    'answers %s with problem details',
    async (_what, headers, status, code) => {
      const answer = await call('/v1/tenants', { headers });
      expect([answer.status, answer.headers.get('content-type')]).toEqual([status, 'application/problem+json']);
      expect(answer.json).toMatchObject({ status, code });
    },
  );

  it('answers 413 to more than 10 MB, announced or not, and takes just as much', async () => {
    const infer = (bytes: number, announced: boolean) =>
      new Promise<number>((resolve, reject) => {
        const length = announced ? { 'content-length': bytes } : {};
        const headers = { authorization: `Bearer ${tenant}`, 'content-type': 'application/octet-stream', ...length };
        const sent = httpRequest(`${gateway.url}/v2/models/m/infer`, { method: 'POST', headers }, (response) => {
          response.resume();
          resolve(response.statusCode ?? 0);
        });
        // The answer may come before all has been sent, and the connection may be closed then.
        sent.on('error', reject);
        sent.write(Buffer.alloc(bytes / 2));
        sent.end(Buffer.alloc(bytes / 2));
      });
    const limit = 10 * 1024 * 1024;
    expect(await infer(limit, true)).toBe(200);
    expect(await infer(limit, false)).toBe(200);
    expect(service.heard.map(({ body }) => body.length)).toEqual([limit, limit]);
    expect(await infer(limit + 2, true)).toBe(413);
    expect(await infer(limit + 2, false)).toBe(413);
  });

  it('answers under /v2 in the shape that the protocol’s clients read', async () => {
    const answers = [
      await call('/v2/models/m/infer', { method: 'POST' }),
      await call('/v2/models/m/infer', { method: 'POST', token: operator }),
      await call('/v2/nothing'),
      await call('/v2/models/m/infer', { method: 'PUT', token: tenant }),
    ];
    expect(answers.map(({ status }) => status)).toEqual([401, 403, 404, 405]);
    for (const { headers, json } of answers) {
      expect(headers.get('content-type')).toBe('application/json');
      expect(json).toEqual({ error: json.detail, ...json, code: expect.stringMatching(/^KLT_/) });
    }
  });
});

describe('what the service hears and the client gets back', () => {
  it('passes on a JSON body byte for byte', async () => {
    const body = `{ "slug": "pears", "name": "P\\u00e9rs",\n "tier": "pool", "contact": "a@b.example" }`;
    await post(undefined, { body });
    expect(service.heard[0]?.body.toString()).toBe(body);
  });

  it('passes on the protocol’s own bodies without looking into them', async () => {
    const body = Uint8Array.from({ length: 100_000 }, (_value, index) => index % 256);
    const headers = { 'content-type': 'application/octet-stream', 'inference-header-content-length': '7' };
    await call('/v2/models/m/infer', { method: 'POST', token: tenant, headers, body });
    expect(service.heard[0]?.body.equals(Buffer.from(body))).toBe(true);
    expect(service.heard[0]?.headers['inference-header-content-length']).toBe('7');
  });

  it('puts its own word in place of headers that a client could forge', async () => {
    const forged = {
      'x-forwarded-for': '10.0.0.1',
      'x-forwarded-host': 'bank.example',
      'x-forwarded-user': 'root',
      forwarded: 'for=10.0.0.1',
      'x-real-ip': '10.0.0.1',
      'x-kolate-tenant': 'tenant-2',
      'x-amzn-trace-id': 'a',
      'x-request-id': 'a b\tc',
      'x-amz-cf-id': 'b',
      'proxy-authorization': 'Basic abc',
      te: 'trailers',
    };
    const answer = await call('/v1/tenants', { token: operator, headers: forged });
    const heard = service.heard[0]?.headers ?? {};
    expect(heard['x-forwarded-for']).toBe('127.0.0.1');
    expect(heard['x-forwarded-host']).toBe(new URL(gateway.url).host);
    expect(heard['x-request-id']).toMatch(/^[0-9a-f]{32}$/);
    expect(answer.headers.get('x-request-id')).toBe(heard['x-request-id']);
    const gone = Object.keys(forged).filter((name) => !name.startsWith('x-forwarded-') && name !== 'x-request-id');
    expect(gone.filter((name) => name in heard)).toEqual([]);
    expect(heard).not.toHaveProperty('x-forwarded-user');
  });

  it('drops headers that the client declares to be of the connection', async () => {
    const headers = {
      authorization: `Bearer ${operator}`,
      connection: 'close, x-private',
      'x-private': '1',
      'x-public': '2',
    };
    await new Promise<void>((resolve, reject) => {
      httpRequest(`${gateway.url}/v1/tenants`, { headers }, (response) => response.resume().on('end', resolve))
        .on('error', reject)
        .end();
    });
    expect(service.heard[0]?.headers).not.toHaveProperty('x-private');
    expect(service.heard[0]?.headers['x-public']).toBe('2');
  });

  it('keeps a request id that is one, and goes on with the caller’s trace', async () => {
    const headers = {
      'x-request-id': 'order-4711',
      traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
    };
    const answer = await call('/v1/tenants', { token: operator, headers });
    expect(answer.headers.get('x-request-id')).toBe('order-4711');
    const traceparent = service.heard[0]?.headers.traceparent;
    expect(traceparent).toMatch(/^00-4bf92f3577b34da6a3ce929d0e0e4736-[0-9a-f]{16}-01$/);
    expect(traceparent).not.toContain('00f067aa0ba902b7');
  });

  it('hands back status, headers and body as the service gave them, but nothing about the service', async () => {
    service.state.answer = (response) => {
      response.writeHead(202, {
        location: '/v1/operations/7',
        etag: '"3"',
        server: 'secret',
        'x-powered-by': 'secret',
      });
      response.end('{"a":1}');
    };
    const answer = await post(pears);
    expect([answer.status, answer.headers.get('location'), answer.headers.get('etag'), answer.text]).toEqual([
      202,
      '/v1/operations/7',
      '"3"',
      '{"a":1}',
    ]);
    expect([answer.headers.get('server'), answer.headers.get('x-powered-by')]).toEqual([null, null]);
  });

  it('answers without a body where there is none', async () => {
    service.state.answer = (response) => void response.writeHead(204).end();
    expect(await call('/v1/models/m', { method: 'DELETE', token: tenant })).toMatchObject({ status: 204, text: '' });
    service.state.answer = (response) => void response.writeHead(304, { etag: '"3"' }).end();
    expect(await call('/v1/tenants', { token: operator })).toMatchObject({ status: 304, text: '' });
    service.state.answer = (response) => void response.writeHead(200, { 'content-length': 9 }).end();
    const head = await call('/v1/tenants', { token: operator, method: 'HEAD' });
    expect([head.status, head.headers.get('content-length')]).toEqual([200, '9']);
  });
});

describe('a service that fails', () => {
  it('gets its place taken by 503 with Retry-After when it is down, and is found again when it is back', async () => {
    const first = await startService();
    const own = await startGateway({ issuer: issuer.issuer, origin: first.origin });
    const ask = (method = 'GET') =>
      fetch(`${own.url}/v1/tenants`, {
        method,
        headers: { authorization: `Bearer ${operator}`, ...json },
        body: method === 'POST' ? JSON.stringify(pears) : undefined,
      });
    try {
      expect((await ask()).status).toBe(200);
      await first.stop();
      const answer = await ask('POST');
      expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '1']);
      expect(JSON.parse(await answer.text())).toMatchObject({ code: 'KLT_DEPENDENCY_UNAVAILABLE' });
      expect((await fetch(`${own.url}/healthz`)).status).toBe(200);
      expect((await fetch(`${own.url}/readyz`)).status).toBe(503);
      const second = await startService(Number(new URL(first.origin).port));
      await until(async () => (await ask()).status === 200);
      expect((await fetch(`${own.url}/readyz`)).status).toBe(200);
      await second.stop();
    } finally {
      await own.stop();
    }
  });

  it('is given up with 504 after the deadline', async () => {
    const slow = await startService();
    slow.state.answer = () => undefined;
    const own = await startGateway({ issuer: issuer.issuer, origin: slow.origin, deadlineMs: 50 });
    try {
      const answer = await fetch(`${own.url}/v1/tenants`, { headers: { authorization: `Bearer ${operator}` } });
      expect([answer.status, JSON.parse(await answer.text()).code]).toEqual([504, 'KLT_DEADLINE_EXCEEDED']);
    } finally {
      await own.stop();
      await slow.stop();
    }
  });

  it('breaks the connection rather than end an answer that it did not finish', async () => {
    service.state.answer = (response) => {
      response.writeHead(200, { 'content-length': 1_000 });
      response.write('half', () => response.destroy());
    };
    await expect(call('/v1/tenants', { token: operator })).rejects.toThrow();
  });

  it('learns that a client went away', async () => {
    let closed = false;
    service.state.answer = (response) => response.on('close', () => (closed = true));
    const gone = new AbortController();
    const waiting = fetch(`${gateway.url}/v1/tenants`, {
      headers: { authorization: `Bearer ${operator}` },
      signal: gone.signal,
    });
    await until(() => service.heard.length === 1);
    gone.abort();
    await expect(waiting).rejects.toThrow();
    await until(() => closed);
  });
});

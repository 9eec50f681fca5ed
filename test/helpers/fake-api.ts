import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export type Asked = {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingMessage['headers'];
  readonly text: string;
};
type Answer = {
  readonly status?: number;
  readonly body?: unknown;
  /** JSON text sent as it stands. */
  readonly raw?: string;
  readonly headers?: Readonly<Record<string, string>>;
};
export type FakeApi = {
  readonly url: string;
  readonly asked: Asked[];
  /** Replaces what `METHOD /path` answers. Several answers are given one after the other, the last one for ever. */
  on(route: string, ...answers: (Answer | ((asked: Asked) => Answer))[]): void;
  close(): Promise<void>;
};

/** An HTTP server that answers what a test tells it, with an issuer beside it, for tests of clients. */
export async function startFakeApi(): Promise<FakeApi> {
  const answers = new Map<string, (Answer | ((asked: Asked) => Answer))[]>();
  const asked: Asked[] = [];
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const url = new URL(request.url ?? '/', 'http://fake');
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part);
    const method = request.method ?? '';
    const text = Buffer.concat(parts).toString('utf8');
    const seen = { method, path: url.pathname, query: url.searchParams, headers: request.headers, text };
    asked.push(seen);
    const queue = answers.get(`${method} ${url.pathname}`) ?? [{ status: 404, body: { detail: `no ${url.pathname}` } }];
    const next = queue.length > 1 ? queue.shift() : queue[0];
    const { status = 200, body, raw, headers } = (typeof next === 'function' ? next(seen) : next) ?? {};
    response.writeHead(status, { 'content-type': 'application/json', ...headers });
    response.end(raw ?? (body === undefined ? '' : JSON.stringify(body)));
  };
  const server = createServer((request, response) => void answer(request, response));
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const on: FakeApi['on'] = (route, ...given) => answers.set(route, [...given]);
  on('GET /.well-known/openid-configuration', {
    body: { token_endpoint: `${url}/token`, authorization_endpoint: `${url}/auth` },
  });
  let tokens = 0;
  on('POST /token', () => ({ body: { access_token: `token-${++tokens}`, expires_in: 600 } }));
  return {
    url,
    asked,
    on,
    close: () =>
      new Promise((done) => {
        server.close(() => done());
        server.closeAllConnections();
      }),
  };
}

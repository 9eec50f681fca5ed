import { timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { PlatformStatus } from '../../src/contracts/home';

export type ControlServer = { readonly url: string; close(): Promise<void> };

/** `GET /status` on loopback, for the bearer of `token`. */
export async function startControlServer(token: string, status: () => Promise<PlatformStatus>): Promise<ControlServer> {
  const server = createServer((request, response) => {
    answer(request, token, status).then(
      ([code, body]) => send(response, code, body),
      (error: unknown) => send(response, 500, { title: 'The status could not be read', detail: String(error) }),
    );
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function answer(
  { method, url, headers }: IncomingMessage,
  token: string,
  status: () => Promise<PlatformStatus>,
): Promise<readonly [number, object]> {
  if (!same(headers.authorization ?? '', `Bearer ${token}`)) return [401, { title: 'Not the control token' }];
  if (method !== 'GET' || url !== '/status') return [404, { title: 'No such route' }];
  return [200, await status()];
}

const same = (a: string, b: string): boolean =>
  a.length === b.length && timingSafeEqual(Buffer.from(a), Buffer.from(b));

function send(response: ServerResponse, code: number, body: object): void {
  response.writeHead(code, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
}

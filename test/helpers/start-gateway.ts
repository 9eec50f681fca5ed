import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createCallerCheck } from '../../local/gateway/check-caller';
import { createGatewayApp } from '../../local/gateway/gateway-app';
import { createUpstream } from '../../local/gateway/upstream';
import { leaseFrom } from '../../src/domain/limits/token-bucket';
import { createAuthorizer } from '../../src/handlers/authorizer/authorize-request';
import { createIssuerVerifier } from '../../src/platform/identity/create-issuer-verifier';
import { createMemoryLeases } from '../../src/platform/redis/create-memory-leases';
import { createRateLimiter, type RateLimiter } from '../../src/platform/redis/create-rate-limiter';
import { freePort, silentLog } from './start-issuer';

export type Heard = {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
};

/** A service that keeps what it hears and answers as told; by default 200 with what it heard of the path. */
export async function startService(port = 0) {
  const heard: Heard[] = [];
  const state = {
    answer: (response: ServerResponse, request: Heard): void => {
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ url: request.url }));
    },
  };
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { method = '', url = '', headers } = request;
      const one: Heard = { method, url, headers, body: Buffer.concat(chunks) };
      if (url === '/readyz') return void response.end('{}');
      heard.push(one);
      state.answer(response, one);
    });
  });
  return { origin: await listen(server, port), heard, state, stop: () => stop(server) };
}

export async function listen(server: Server, port = 0): Promise<string> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no address');
  return `http://127.0.0.1:${address.port}`;
}

const stop = (server: Server): Promise<void> =>
  new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });

/** Limits that no test meets by accident, out of memory. */
export const memoryLimiter = (): RateLimiter => {
  const leases = createMemoryLeases(leaseFrom);
  return createRateLimiter({ leases, fallback: leases });
};

type Options = { issuer: string; origin?: string; limiter?: RateLimiter; deadlineMs?: number };

/** A real gateway whose services are all at `origin` (nowhere by default). */
export async function startGateway({ issuer, origin, limiter = memoryLimiter(), deadlineMs }: Options) {
  const service = createUpstream('the service', origin ?? `http://127.0.0.1:${await freePort()}`, deadlineMs);
  const app = createGatewayApp({
    log: silentLog(),
    checkCaller: createCallerCheck(createAuthorizer(createIssuerVerifier({ issuer }))),
    limiter,
    upstreams: { 'enterprise-info': service, core: service, predict: service, 'predict-registry': service },
    probes: [{ name: 'the service', check: service.ready }],
  });
  const url = await app.listen({ port: 0, host: '127.0.0.1' });
  return {
    url,
    async stop() {
      await app.close();
      await service.close();
    },
  };
}

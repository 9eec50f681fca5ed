import { createHash, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { Type } from '@sinclair/typebox';
import { KolateError, toKolateError } from '../../src/contracts/errors';
import { Uuid } from '../../src/contracts/http/common';
import { maxShards } from '../../src/contracts/http/tenants';
import { strictValidator } from '../../src/platform/config/validators';
import { toProblem } from '../../src/platform/http/problem';
import { StackCredentials } from '../../src/platform/tenancy/stack-credentials';
import type { StackSpec } from '../../src/platform/tenancy/tenant-stack-driver';
import { loopback } from '../engines/engine';
import { createStacks } from './create-stacks';
import { createDedicatedBuilder, type DedicatedOptions } from './dedicated-stack';
import { createPoolBuilder, type SharedEngines } from './pool-stack';
import { createSpares } from './spare-engines';
import { createStackRecords } from './stack-record';

export type StackAgentOptions = Omit<DedicatedOptions, 'spares'> & {
  /** Folder of the records, for the owner alone. */
  readonly recordDir: string;
  readonly shared: SharedEngines;
  /** Whoever has it may make and destroy stacks. */
  readonly token: string;
  /** Spare data folders are made that long after a dedicated stack (1 s). */
  readonly spareDelayMs?: number;
  readonly say: (line: string) => void;
};

export type StackAgent = {
  /** Call it once the shared engines run. */
  restoreAll(): Promise<void>;
  /** On loopback. @returns the port, of `port` 0 too */
  listen(port: number): Promise<number>;
  /** Takes no more requests; the engines are the process keeper's to stop. */
  close(): Promise<void>;
};

const StackRequest = Type.Object(
  {
    tenantId: Uuid,
    tier: Type.String(),
    shards: Type.Optional(Type.Integer({ minimum: 1, maximum: maxShards })),
    credentials: StackCredentials,
    requestToken: Type.String({ minLength: 1 }),
  },
  { additionalProperties: false },
);
const planPath = /^\/plans\/([a-z][a-z-]{0,39})\?shards=(\d{1,2})$/;
const path = /^\/stacks\/([a-z][a-z0-9-]{0,62})$/;
const maxBodyBytes = 16_384;

type Answer = { readonly status: number; readonly body?: unknown };

/** The CloudFormation of one machine: `PUT`, `GET` and `DELETE /stacks/{name}`, `GET /plans/{tier}`, with a bearer token. */
export function createStackAgent(options: StackAgentOptions): StackAgent {
  const records = createStackRecords(options.recordDir);
  const spares = createSpares(options);
  const dedicated = createDedicatedBuilder({ ...options, spares });
  const stacks = createStacks({
    records,
    builders: { pool: createPoolBuilder(options.shared), dedicated },
    say: options.say,
  });

  const handle = async (request: IncomingMessage): Promise<Answer> => {
    checkToken(request.headers.authorization, options.token);
    const [, tier, shards] = planPath.exec(request.url ?? '') ?? [];
    if (tier !== undefined) {
      requireMethod(request, 'GET');
      return { status: 200, body: stacks.plan(tier, Number(shards)) };
    }
    const name = path.exec(request.url ?? '')?.[1];
    if (name === undefined) throw new KolateError('KLT_ROUTE_UNKNOWN', 'there is nothing at this path');
    if (request.method === 'PUT') return { status: 200, body: await stacks.apply(await readSpec(name, request)) };
    if (request.method === 'DELETE') {
      const removal = await stacks.destroy(name);
      return removal ? { status: 200, body: removal } : { status: 204 };
    }
    requireMethod(request, 'GET', 'GET, PUT and DELETE are allowed');
    const stack = await stacks.describe(name);
    return stack ? { status: 200, body: stack } : { status: 404 };
  };

  const server = createServer((request, response) => {
    void handle(request)
      .catch((error: unknown): Answer => {
        const problem = toProblem(error);
        // The reason goes to whoever asked, who is one of us; a stack that failed has its own words.
        if (toKolateError(error).code === 'KLT_INTERNAL') options.say(`stack agent: ${String(error)}`);
        return { status: problem.status, body: problem };
      })
      .then((answer) => send(response, answer));
  });
  return {
    async restoreAll() {
      const used = (await records.all()).flatMap(({ engines }) => engines?.spare ?? []);
      await spares.load(new Set(used));
      await stacks.restoreAll();
    },
    listen: (port) => listen(server, port),
    async close() {
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      });
      await spares.close();
    },
  };
}

function requireMethod(request: IncomingMessage, method: string, otherwise = `${method} is allowed`): void {
  if (request.method !== method) throw new KolateError('KLT_METHOD_NOT_ALLOWED', otherwise);
}

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();

function checkToken(authorization: string | undefined, token: string): void {
  if (timingSafeEqual(digest(authorization ?? ''), digest(`Bearer ${token}`))) return;
  throw new KolateError('KLT_TOKEN_INVALID', 'this is not the stack agent’s token');
}

async function readSpec(name: string, request: IncomingMessage): Promise<StackSpec> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request) {
    bytes += chunk.length;
    if (bytes > maxBodyBytes) throw new KolateError('KLT_BODY_TOO_LARGE', `a body has at most ${maxBodyBytes} bytes`);
    chunks.push(chunk);
  }
  const body = parse(Buffer.concat(chunks).toString());
  if (!strictValidator(StackRequest)(body)) throw new KolateError('KLT_REQUEST_INVALID', 'this is no stack');
  return { ...(body as Omit<StackSpec, 'name'>), name };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new KolateError('KLT_BODY_MALFORMED', 'the body is not JSON', { cause: error });
  }
}

function send(response: ServerResponse, { status, body }: Answer): void {
  if (body === undefined) response.writeHead(status).end();
  else response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

function listen(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, loopback, () => {
      const address = server.address();
      resolve(typeof address === 'object' && address !== null ? address.port : port);
    });
  });
}

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type Provider from 'oidc-provider';
import { toKolateError } from '../../src/contracts/errors';
import { cliClientId, operatorClientId } from '../../src/contracts/identity-admin';
import { operatorScopes } from '../../src/contracts/scopes';
import type { Logger } from '../../src/platform/logging/create-logger';
import { serveAdmin } from './admin-api';
import { type KeptClient, openIssuerState, type StateStore } from './issuer-state';
import { createKeyKeeper } from './key-keeper';
import { serveInteraction } from './login-page';
import { createMemoryAdapter } from './memory-adapter';
import { openPeople } from './people';
import { cliClientMetadata, clientMetadata, createProvider } from './provider';
import { clientSecretFits, hashClientSecret } from './secrets';
import type { KeyTimes } from './signing-keys';

export type IssuerOptions = {
  readonly log: Logger;
  readonly issuer: string;
  /** Folder of issuer.json and people.json. */
  readonly data: string;
  readonly adminToken: string;
  readonly operatorSecret: string;
  readonly operatorPassword: string;
  readonly tokenLifetimeSeconds: number;
  readonly keyLeadMs: number;
  readonly keyRotationMs: number;
  readonly now?: () => number;
};

// A token may have been signed just before its key was replaced, and clocks differ.
const slackMs = 60_000;

/**
 * The OIDC issuer as an HTTP server: oidc-provider, `/interaction` (sign-in pages), `/admin` (tenants' clients, keys),
 * `/healthz` and `/readyz`. A second look at the signing keys is taken whenever one has to begin, be replaced or leave.
 */
export async function createIssuerApp(options: IssuerOptions): Promise<{ server: Server; close: () => Promise<void> }> {
  const { log, issuer, data, now = Date.now } = options;
  const store = await openIssuerState(data, now);
  await setOperator(store, options.operatorSecret);
  const people = await openPeople(data, options.operatorPassword, now);
  const adapter = createMemoryAdapter(
    (clientId) => (clientId === cliClientId ? cliClientMetadata : clientMetadata(store.current().clients[clientId])),
    now,
  );
  const times: KeyTimes = {
    leadMs: options.keyLeadMs,
    tokenLifetimeMs: options.tokenLifetimeSeconds * 1_000 + slackMs,
    rotateAfterMs: options.keyRotationMs,
  };
  let provider: Provider | undefined;
  let answer: ((request: IncomingMessage, response: ServerResponse) => Promise<void>) | undefined;
  const keeper = createKeyKeeper({
    store,
    times,
    now,
    log,
    onKeys(keys) {
      const { tokenLifetimeSeconds } = options;
      const { signingKeyId } = keeper;
      provider = createProvider({
        issuer,
        people,
        adapter,
        keys,
        tokenLifetimeSeconds,
        signingKeyId,
        state: store.current,
      });
      answer = provider.callback();
    },
  });
  await keeper.start();

  const route = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const path = (request.url ?? '/').split('?', 1)[0] ?? '/';
    if (path === '/healthz' || path === '/readyz') {
      response.writeHead(200, { 'content-type': 'application/json' }).end('{"status":"ok"}');
    } else if (path.startsWith('/admin/')) {
      await serveAdmin({ store, adminToken: options.adminToken, rotateKeys: keeper.rotate }, request, response);
    } else if (provider && path.startsWith('/interaction/')) {
      await serveInteraction(provider, people, request, response);
    } else await answer?.(request, response);
  };
  const server = createServer((request, response) => {
    const started = performance.now();
    response.on('finish', () => logAccess(log, request, response, started));
    route(request, response).catch((error: unknown) => refuse(log, response, error));
  });
  server.requestTimeout = 30_000;
  return {
    server,
    close: () => {
      keeper.stop();
      return new Promise((resolve) => {
        server.close(() => resolve());
        server.closeIdleConnections();
      });
    },
  };
}

/** The operators' client has the secret of this start, so that the secret store decides. */
async function setOperator(store: StateStore, secret: string): Promise<void> {
  await store.change((state) => {
    const before = state.clients[operatorClientId];
    const secretHash =
      before && clientSecretFits(before.secretHash, secret) ? before.secretHash : hashClientSecret(secret);
    const client: KeptClient = {
      clientId: operatorClientId,
      scopes: operatorScopes,
      roles: ['operator'],
      disabled: false,
      secretHash,
    };
    return { ...state, clients: { ...state.clients, [operatorClientId]: client } };
  });
}

function refuse(log: Logger, response: ServerResponse, error: unknown): void {
  // An interaction that has expired or belongs to another browser: oidc-provider says so with a status of its own.
  const stale = error instanceof Error && error.name === 'SessionNotFound';
  const status = stale ? 400 : toKolateError(error).status;
  if (status >= 500) log.error({ err: error }, 'a request failed');
  if (response.headersSent) return void response.destroy();
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8' });
  response.end(stale ? 'This sign-in has expired. Start it again.\n' : 'The request could not be answered.\n');
}

function logAccess(log: Logger, request: IncomingMessage, response: ServerResponse, started: number): void {
  const path = (request.url ?? '/').split('?', 1)[0];
  if (path === '/healthz' || path === '/readyz') return;
  const ms = Math.round((performance.now() - started) * 100) / 100;
  log.info({ method: request.method, path, status: response.statusCode, ms });
}

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Static, TSchema } from '@sinclair/typebox';
import { KolateError } from '../../src/contracts/errors';
import { ClientId, PatchClient, PutClient, PutSecret } from '../../src/contracts/identity-admin';
import { fieldErrors, strictValidator } from '../../src/platform/config/validators';
import { bearerToken } from '../../src/platform/http/authorize';
import { problemType, toProblem } from '../../src/platform/http/problem';
import type { IssuerState, KeptClient, StateStore } from './issuer-state';
import { readText } from './read-text';
import { hashClientSecret, sameText } from './secrets';

const maxBodyBytes = 16_384;

export type AdminParts = {
  readonly store: StateStore;
  readonly adminToken: string;
  readonly rotateKeys: () => Promise<{ kid: string; signsFrom: number }>;
};

type Outcome = { status: number; body?: unknown };

/** `/admin/clients/…` and `/admin/keys/rotate`, for the bearer of the administration token on this machine. */
export async function serveAdmin(parts: AdminParts, request: IncomingMessage, response: ServerResponse): Promise<void> {
  try {
    requireAdmin(parts.adminToken, request);
    const text = await readText(request, maxBodyBytes);
    const path = (request.url ?? '').split('?', 1)[0]?.split('/').slice(2).map(decodeURIComponent) ?? [];
    const outcome = await act(parts, `${request.method} ${path[0]}`, path.slice(1), text);
    response.writeHead(outcome.status, { 'content-type': 'application/json', 'cache-control': 'no-store' });
    response.end(outcome.body === undefined ? undefined : JSON.stringify(outcome.body));
  } catch (error) {
    const problem = toProblem(error instanceof URIError ? unknownPath() : error);
    response.writeHead(problem.status, { 'content-type': problemType, 'cache-control': 'no-store' });
    response.end(JSON.stringify(problem));
  }
}

const unknownPath = (): KolateError => new KolateError('KLT_ROUTE_UNKNOWN', 'there is nothing at this path');

function requireAdmin(adminToken: string, request: IncomingMessage): void {
  const address = request.socket.remoteAddress ?? '';
  const local = address === '::1' || /^(::ffff:)?127\./.test(address);
  if (!local) throw unknownPath();
  if (!sameText(bearerToken(request.headers.authorization), adminToken)) {
    throw new KolateError('KLT_TOKEN_INVALID', 'this is not the administration token');
  }
}

async function act(parts: AdminParts, action: string, rest: string[], text: string): Promise<Outcome> {
  const { store } = parts;
  if (action === 'POST keys' && rest[0] === 'rotate') return { status: 202, body: await parts.rotateKeys() };
  const [clientId, part] = rest;
  if (clientId === undefined || rest.length > 2 || !strictValidator(ClientId)(clientId)) throw unknownPath();
  switch (`${action}${part === undefined ? '' : `/${part}`}`) {
    case 'PUT clients':
      await store.change((state) => put(state, clientId, parse(PutClient, text)));
      return { status: 204 };
    case 'GET clients': {
      const { secretHash: _kept, ...client } = known(store.current(), clientId);
      return { status: 200, body: client };
    }
    case 'PATCH clients':
      return edit(store, clientId, parse(PatchClient, text));
    case 'PUT clients/secret':
      return edit(store, clientId, { secretHash: hashClientSecret(parse(PutSecret, text).clientSecret) });
    case 'POST clients/disable':
      return edit(store, clientId, { disabled: true });
    case 'POST clients/enable':
      return edit(store, clientId, { disabled: false });
    case 'DELETE clients':
      await store.change((state) => remove(state, clientId));
      return { status: 204 };
    default:
      throw unknownPath();
  }
}

/** Clients of tenants only: those that the installation itself has are not to be had through this API. */
function known(state: IssuerState, clientId: string): KeptClient {
  const client = Object.hasOwn(state.clients, clientId) ? state.clients[clientId] : undefined;
  if (client?.tenantId === undefined) throw new KolateError('KLT_CLIENT_NOT_FOUND', `there is no client ${clientId}`);
  return client;
}

function put(state: IssuerState, clientId: string, { clientSecret, ...client }: PutClient): IssuerState {
  const before = Object.hasOwn(state.clients, clientId) ? state.clients[clientId] : undefined;
  if (before && before.tenantId !== client.tenantId) {
    throw new KolateError('KLT_CLIENT_TAKEN', `the client ${clientId} belongs to another tenant`);
  }
  const secretHash = hashClientSecret(clientSecret);
  const next: KeptClient = { ...client, clientId, disabled: before?.disabled ?? false, secretHash };
  return { ...state, clients: { ...state.clients, [clientId]: next } };
}

async function edit(store: StateStore, clientId: string, changes: Partial<KeptClient>): Promise<Outcome> {
  await store.change((state) => ({
    ...state,
    clients: { ...state.clients, [clientId]: { ...known(state, clientId), ...changes } },
  }));
  return { status: 204 };
}

function remove(state: IssuerState, clientId: string): IssuerState {
  const client = Object.hasOwn(state.clients, clientId) ? state.clients[clientId] : undefined;
  if (client?.tenantId === undefined) return state;
  const { [clientId]: _gone, ...clients } = state.clients;
  return { ...state, clients };
}

function parse<S extends TSchema>(schema: S, text: string): Static<S> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new KolateError('KLT_BODY_MALFORMED', 'the body is not valid JSON', { cause });
  }
  const validate = strictValidator(schema);
  if (validate(value)) return value as Static<S>;
  throw new KolateError('KLT_REQUEST_INVALID', 'the body does not fit', { errors: fieldErrors(validate.errors) });
}

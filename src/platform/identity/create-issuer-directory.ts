import { KolateError } from '../../contracts/errors';
import type { DirectoryClient, IdentityDirectory } from './identity-directory';

const deadlineMs = 5_000;

type Request = { method: string; path: string; body?: unknown };

/**
 * The directory of the issuer that runs beside the platform on one machine, over its administration API.
 * @param url of the administration API; @param token its bearer token
 */
export function createIssuerDirectory({ url, token }: { url: string; token: string }): IdentityDirectory {
  const base = url.replace(/\/$/, '');
  const send = async ({ method, path, body }: Request): Promise<Response> => {
    const response = await fetch(`${base}/clients/${path}`, {
      method,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: method === 'GET' || method === 'DELETE' ? undefined : JSON.stringify(body ?? {}),
      signal: AbortSignal.timeout(deadlineMs),
    }).catch((error: unknown) => {
      throw unavailable('the issuer does not answer', error);
    });
    if (response.status >= 500) throw unavailable(`the issuer answered ${response.status}`);
    return response;
  };
  const act = async (clientId: string, request: Request): Promise<void> => {
    const response = await send(request);
    const text = await response.text();
    if (!response.ok) throw refusal(clientId, response.status, text);
  };
  const pathOf = (clientId: string, action = ''): string => encodeURIComponent(clientId) + action;
  return {
    async createClient({ clientId, ...body }) {
      await act(clientId, { method: 'PUT', path: pathOf(clientId), body });
      return clientId;
    },
    async findClient(clientId) {
      const response = await send({ method: 'GET', path: pathOf(clientId) });
      const text = await response.text();
      if (response.status === 404) return undefined;
      if (!response.ok) throw refusal(clientId, response.status, text);
      const client: DirectoryClient = JSON.parse(text);
      return client;
    },
    updateClient: (clientId, body) => act(clientId, { method: 'PATCH', path: pathOf(clientId), body }),
    rotateSecret: (clientId, clientSecret) =>
      act(clientId, { method: 'PUT', path: pathOf(clientId, '/secret'), body: { clientSecret } }),
    disableClient: (clientId) => act(clientId, { method: 'POST', path: pathOf(clientId, '/disable') }),
    enableClient: (clientId) => act(clientId, { method: 'POST', path: pathOf(clientId, '/enable') }),
    deleteClient: (clientId) => act(clientId, { method: 'DELETE', path: pathOf(clientId) }),
  };
}

const unavailable = (detail: string, cause?: unknown): KolateError =>
  new KolateError('KLT_DEPENDENCY_UNAVAILABLE', detail, { retryAfterSeconds: 1, cause });

function refusal(clientId: string, status: number, body: string): KolateError {
  if (status === 404) return new KolateError('KLT_CLIENT_NOT_FOUND', `there is no client ${clientId}`);
  if (status === 409) return new KolateError('KLT_CLIENT_TAKEN', `the client ${clientId} belongs to another tenant`);
  if (status === 401) return new KolateError('KLT_CONFIG_INVALID', 'the issuer refuses the administration token');
  return new KolateError('KLT_INTERNAL', `the issuer refused the change with ${status}: ${body.slice(0, 500)}`);
}

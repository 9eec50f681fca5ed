import { randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';

type Kept = { readonly value: string; readonly id: string; readonly createdAt: number };
type Answer = { readonly status: number; readonly body: object };

const pattern = /^[\w+]{24,64}$/;

/**
 * Before MiniStack's Cognito, what it lacks: secrets of our own choice, two at most and one at least to a client
 * (AddUserPoolClientSecret and its kin, since 2026), as Amazon's API reference has it.
 */
export async function startClientSecretsProxy(behind: string) {
  const secrets = new Map<string, Kept[]>();
  const inner = new Map<string, string>();
  let clock = Math.floor(Date.now() / 1_000);

  const add = (clientId: string, value: string): Answer => {
    const known = secrets.get(clientId) ?? [];
    if (!pattern.test(value)) return refuse('InvalidParameterException', 'ClientSecret does not fit [\\w+]+');
    if (known.length >= 2) return refuse('LimitExceededException', 'two secrets are there already');
    clock += 1;
    const kept = { value, id: `${clientId}--${clock}`, createdAt: clock };
    secrets.set(clientId, [...known, kept]);
    return { status: 200, body: { ClientSecretDescriptor: describe(kept) } };
  };
  const operations: Record<string, (body: Record<string, string>) => Answer> = {
    AddUserPoolClientSecret({ ClientId = '', ClientSecret }) {
      if (ClientSecret !== undefined) return add(ClientId, ClientSecret);
      // One that Cognito draws is told this once.
      const ClientSecretValue = randomBytes(24).toString('hex');
      const { status, body } = add(ClientId, ClientSecretValue);
      if (!('ClientSecretDescriptor' in body)) return { status, body };
      return {
        status,
        body: { ClientSecretDescriptor: { ...Object(body.ClientSecretDescriptor), ClientSecretValue } },
      };
    },
    ListUserPoolClientSecrets: ({ ClientId = '' }) => ({
      status: 200,
      body: { ClientSecrets: (secrets.get(ClientId) ?? []).map(describe) },
    }),
    DeleteUserPoolClientSecret({ ClientId = '', ClientSecretId }) {
      const known = secrets.get(ClientId) ?? [];
      if (known.length < 2) return refuse('InvalidParameterException', 'the last secret cannot be deleted');
      secrets.set(
        ClientId,
        known.filter(({ id }) => id !== ClientSecretId),
      );
      return { status: 200, body: {} };
    },
  };
  const forward = async (request: IncomingMessage, body: string, headers: Record<string, string>) => {
    const { method = 'GET', url = '/' } = request;
    const answer = await fetch(behind + url, { method, headers, body: method === 'GET' ? undefined : body });
    return { status: answer.status, body: JSON.parse((await answer.text()) || '{}') as Record<string, never> };
  };
  const create = async (request: IncomingMessage, body: string, headers: Record<string, string>): Promise<Answer> => {
    const { ClientSecret, ...rest } = JSON.parse(body) as { ClientSecret?: string };
    // A public client: people's.
    if (ClientSecret === undefined) return forward(request, body, headers);
    if (!pattern.test(ClientSecret)) return refuse('InvalidParameterException', 'ClientSecret does not fit [\\w+]+');
    const made = await forward(request, JSON.stringify({ ...rest, GenerateSecret: true }), headers);
    const client = (made.body as { UserPoolClient?: { ClientId: string; ClientSecret: string } }).UserPoolClient;
    if (client) {
      inner.set(client.ClientId, client.ClientSecret);
      add(client.ClientId, ClientSecret);
    }
    return made;
  };
  const token = async (request: IncomingMessage, body: string, headers: Record<string, string>): Promise<Answer> => {
    const form = new URLSearchParams(body);
    const clientId = form.get('client_id') ?? '';
    const fits = (secrets.get(clientId) ?? []).some(({ value }) => value === form.get('client_secret'));
    form.set('client_secret', fits ? (inner.get(clientId) ?? '') : 'none');
    return forward(request, form.toString(), headers);
  };
  const answer = (request: IncomingMessage, body: string): Promise<Answer> | Answer => {
    const headers: Record<string, string> = {};
    for (const name of ['content-type', 'x-amz-target', 'authorization']) {
      const value = request.headers[name];
      if (typeof value === 'string') headers[name] = value;
    }
    const operation = String(request.headers['x-amz-target']).split('.')[1] ?? '';
    const own = operations[operation];
    if (own) return own(JSON.parse(body));
    if (operation === 'CreateUserPoolClient') return create(request, body, headers);
    return request.url === '/oauth2/token' ? token(request, body, headers) : forward(request, body, headers);
  };

  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    const respond = async (): Promise<void> => {
      const { status, body } = await answer(request, Buffer.concat(chunks).toString());
      response.writeHead(status, { 'content-type': 'application/x-amz-json-1.1' }).end(JSON.stringify(body));
    };
    request.on('end', () => void respond());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    secretsOf: (clientId: string): string[] => (secrets.get(clientId) ?? []).map(({ value }) => value),
    add,
    close: () => new Promise<void>((resolve) => server.close(() => resolve()).closeAllConnections()),
  };
}

const refuse = (type: string, message: string): Answer => ({ status: 400, body: { __type: type, message } });
const describe = ({ id, createdAt }: Kept) => ({ ClientSecretId: id, ClientSecretCreateDate: createdAt });

import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

type Body = { SecretId?: string; Name?: string; SecretString?: string };

/** What Secrets Manager answers on the wire (JSON 1.1), as far as our client asks it. Counts calls by operation. */
export async function startSecretsManagerEndpoint() {
  const secrets = new Map<string, string>();
  const calls = new Map<string, number>();
  let failing: { status: number; type: string } | undefined;

  const replace = (name: string, value: string) => {
    secrets.set(name, value);
    return { Name: name };
  };
  const answers: Record<string, (body: Body) => object | undefined> = {
    GetSecretValue: ({ SecretId = '' }) => secretOf(secrets, SecretId),
    PutSecretValue: ({ SecretId = '', SecretString = '' }) =>
      secrets.has(SecretId) ? replace(SecretId, SecretString) : undefined,
    CreateSecret: ({ Name = '', SecretString = '' }) => replace(Name, SecretString),
    DeleteSecret: ({ SecretId = '' }) => (secrets.delete(SecretId) ? { Name: SecretId } : undefined),
  };

  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const operation = String(request.headers['x-amz-target']).split('.')[1] ?? '';
      calls.set(operation, (calls.get(operation) ?? 0) + 1);
      if (failing) return send(response, failing.status, { __type: failing.type, message: 'as told' });
      const body: Body = JSON.parse(Buffer.concat(chunks).toString());
      const answer = answers[operation]?.(body);
      if (answer) return send(response, 200, answer);
      send(response, 400, { __type: 'ResourceNotFoundException', message: 'Secrets Manager can’t find it.' });
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    secrets,
    callsOf: (operation: string) => calls.get(operation) ?? 0,
    failWith: (failure: { status: number; type: string } | undefined) => {
      failing = failure;
    },
    close: () => new Promise<void>((resolve) => server.close(() => resolve()).closeAllConnections()),
  };
}

const secretOf = (secrets: Map<string, string>, name: string): object | undefined => {
  const value = secrets.get(name);
  return value === undefined ? undefined : { Name: name, SecretString: value };
};

const send = (response: ServerResponse, status: number, body: object): void => {
  response.writeHead(status, { 'content-type': 'application/x-amz-json-1.1' }).end(JSON.stringify(body));
};

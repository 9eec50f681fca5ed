import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createSecretVersionTable, type VersionRequest } from './secret-version-table';

/** What Secrets Manager answers on the wire (JSON 1.1), as far as our clients ask it. Counts calls by operation. */
export async function startSecretsManagerEndpoint() {
  const table = createSecretVersionTable();
  const calls = new Map<string, number>();
  let failing: { status: number; type: string } | undefined;

  const answers: Record<string, (body: VersionRequest) => object | undefined> = {
    GetSecretValue: table.get,
    PutSecretValue: table.put,
    CreateSecret: ({ Name = '', SecretString = '' }) => {
      table.secrets.set(Name, SecretString);
      return { Name };
    },
    DeleteSecret: ({ SecretId = '' }) => (table.secrets.delete(SecretId) ? { Name: SecretId } : undefined),
    DescribeSecret: table.describe,
    UpdateSecretVersionStage: table.moveStage,
  };

  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const operation = String(request.headers['x-amz-target']).split('.')[1] ?? '';
      calls.set(operation, (calls.get(operation) ?? 0) + 1);
      if (failing) return send(response, failing.status, { __type: failing.type, message: 'as told' });
      const body: VersionRequest = JSON.parse(Buffer.concat(chunks).toString());
      const answer = answers[operation]?.(body);
      if (answer) return send(response, '__type' in answer ? 400 : 200, answer);
      send(response, 400, { __type: 'ResourceNotFoundException', message: 'Secrets Manager can’t find it.' });
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    /** The values that count. */
    secrets: table.secrets,
    startRotation: table.startRotation,
    previousOf: table.previousOf,
    callsOf: (operation: string) => calls.get(operation) ?? 0,
    failWith: (failure: { status: number; type: string } | undefined) => {
      failing = failure;
    },
    close: () => new Promise<void>((resolve) => server.close(() => resolve()).closeAllConnections()),
  };
}

const send = (response: ServerResponse, status: number, body: object): void => {
  response.writeHead(status, { 'content-type': 'application/x-amz-json-1.1' }).end(JSON.stringify(body));
};

import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createSecretVersionTable, type VersionRequest } from './secret-version-table';

type SecretRequest = VersionRequest & { readonly RecoveryWindowInDays?: number };

/** What Secrets Manager answers on the wire (JSON 1.1), as far as our clients ask it. Counts calls by operation. */
export async function startSecretsManagerEndpoint() {
  const table = createSecretVersionTable();
  const calls = new Map<string, number>();
  let failing: { status: number; type: string } | undefined;

  /** On their way out: they can be described and brought back, and nothing else. */
  const retired = new Map<string, { readonly value: string; readonly at: number }>();
  const marked = (operation: string, name: string) =>
    retired.has(name) && !['DescribeSecret', 'RestoreSecret'].includes(operation);

  const answers: Record<string, (body: SecretRequest) => object | undefined> = {
    GetSecretValue: table.get,
    PutSecretValue: table.put,
    CreateSecret: ({ Name = '', SecretString = '' }) => {
      table.secrets.set(Name, SecretString);
      return { Name };
    },
    DeleteSecret({ SecretId = '', RecoveryWindowInDays: days }) {
      const value = table.secrets.get(SecretId);
      if (value === undefined) return undefined;
      table.secrets.delete(SecretId);
      if (days === undefined) return { Name: SecretId };
      const at = Math.round(Date.now() / 1_000) + days * 86_400;
      retired.set(SecretId, { value, at });
      return { Name: SecretId, DeletionDate: at };
    },
    DescribeSecret(body) {
      const out = retired.get(body.SecretId ?? '');
      return out ? { Name: body.SecretId, DeletedDate: out.at } : table.describe(body);
    },
    RestoreSecret({ SecretId = '' }) {
      const out = retired.get(SecretId);
      if (!out) return undefined;
      retired.delete(SecretId);
      table.secrets.set(SecretId, out.value);
      return { Name: SecretId };
    },
    UpdateSecretVersionStage: table.moveStage,
  };

  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const operation = String(request.headers['x-amz-target']).split('.')[1] ?? '';
      calls.set(operation, (calls.get(operation) ?? 0) + 1);
      if (failing) return send(response, failing.status, { __type: failing.type, message: 'as told' });
      const body: SecretRequest = JSON.parse(Buffer.concat(chunks).toString());
      if (marked(operation, body.SecretId ?? '')) {
        const message = 'You can’t perform this operation on the secret because it was marked for deletion.';
        return send(response, 400, { __type: 'InvalidRequestException', message });
      }
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

import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import { requestToken } from '../cli/tokens';
import { type Endpoints, homeFiles } from '../src/contracts/home';
import type { Operation, OperationAccepted } from '../src/contracts/http/operations';
import type { ClientCredentials } from '../src/contracts/http/tenants';
import { apiAudience, operatorScopes, tenantScopes } from '../src/contracts/scopes';

const run = promisify(execFile);
const lookEveryMs = 10;
const deadlineMs = 60_000;

/** A whole platform in a home of its own, as `npm start` makes it. */
export async function startPlatform(home: string, port: number) {
  const command = (...args: string[]) =>
    run(process.execPath, ['local/bootstrap.mjs', ...args, '--home', home]).catch((error: object) => {
      const said = 'stdout' in error ? `${error.stdout}${'stderr' in error ? error.stderr : ''}` : '';
      throw new Error(`${args[0]} failed:\n${said}`, { cause: error });
    });
  await command('start', '--detach', '--no-demo', '--port', String(port));
  const endpoints: Endpoints = JSON.parse(readFileSync(`${home}/${homeFiles.endpoints}`, 'utf8'));
  const clientSecret = readFileSync(endpoints.operator.secretFile, 'utf8').trim();
  const operator = await tokenFor(endpoints, { clientId: endpoints.operator.clientId, clientSecret }, operatorScopes);
  const call = async <T>(method: string, path: string, token: string, body?: unknown): Promise<T | undefined> => {
    const answer = await fetch(endpoints.gateway + path, {
      method,
      headers: {
        authorization: `Bearer ${token}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      body: body === undefined ? undefined : JSON.stringify(body),
      signal: AbortSignal.timeout(10_000),
    });
    const text = await answer.text();
    if (answer.ok) return text === '' ? undefined : JSON.parse(text);
    if (answer.status === 503 || answer.status === 429 || answer.status === 403) return undefined;
    throw new Error(`${method} ${path} → ${answer.status} ${text}`);
  };
  const ended = async (id: string): Promise<Operation> => {
    for (const deadline = Date.now() + deadlineMs; Date.now() < deadline; await pause(lookEveryMs)) {
      const operation = await call<Operation>('GET', `/v1/operations/${id}`, operator);
      if (operation?.status === 'succeeded') return operation;
      if (operation?.status === 'failed') throw new Error(JSON.stringify(operation.cause));
    }
    throw new Error(`operation ${id} did not end`);
  };

  return {
    /** From the call to the first call of the tenant's own client that is accepted by its stores. */
    async onboard(slug: string, tier: string) {
      const begun = performance.now();
      const body = { slug, name: slug, tier, contact: 'bench@kolate.example' };
      const accepted = await call<OperationAccepted>('POST', '/v1/tenants', operator, body);
      if (!accepted) throw new Error('the tenant was not accepted');
      const { operationId, tenantId } = accepted;
      const operation = await ended(operationId);
      const onboardedMs = performance.now() - begun;
      const credentials = await call<ClientCredentials>('POST', `/v1/tenants/${tenantId}/client-secret`, operator);
      if (!credentials) throw new Error('the client’s secret was not shown');
      const token = await tokenFor(endpoints, credentials, tenantScopes);
      while (!(await call('GET', '/v1/models', token))) await pause(lookEveryMs);
      return { tenantId, operation, onboardedMs, firstCallMs: performance.now() - begun };
    },
    async offboard(tenantId: string): Promise<void> {
      const accepted = await call<OperationAccepted>('DELETE', `/v1/tenants/${tenantId}`, operator);
      if (accepted) await ended(accepted.operationId);
    },
    stop: () => command('stop'),
  };
}

async function tokenFor({ issuer }: Endpoints, client: ClientCredentials, scopes: readonly string[]): Promise<string> {
  const form = { grant_type: 'client_credentials', resource: apiAudience, scope: scopes.join(' ') };
  return (await requestToken(issuer, form, client)).access_token;
}

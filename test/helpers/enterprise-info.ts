import { KolateError } from '../../src/contracts/errors';
import type { Identity } from '../../src/contracts/scopes';
import { operatorScopes, tenantScopes } from '../../src/contracts/scopes';
import { createFakeIdentityDirectory } from '../../src/platform/identity/identity-directory.fake';
import { createPostgres } from '../../src/platform/postgres/create-postgres';
import { createFakeSecrets } from '../../src/platform/secrets/secret-store.fake';
import type { PlanTier } from '../../src/platform/tenancy/tenant-stack-driver';
import { createEnterpriseInfoApp } from '../../src/services/enterprise-info/app';
import { coreDatabase, createTestLog } from './messaging';

export const operator: Identity = {
  subject: 'operator',
  tenantId: undefined,
  tier: undefined,
  scopes: new Set(operatorScopes),
  roles: ['operator'],
  expiresAt: 4_000_000_000,
};

/** Tokens of tests: `operator`, `tenant:ID`, and `all:ID` for a tenant's token that has an operator's scopes as well. */
export function verifyTestToken(token: string): Identity {
  if (token === 'operator') return operator;
  const [kind, tenantId] = token.split(':');
  if (tenantId !== undefined && (kind === 'tenant' || kind === 'all')) {
    const scopes = kind === 'all' ? [...operatorScopes, ...tenantScopes] : tenantScopes;
    return { ...operator, subject: token, tenantId, scopes: new Set(scopes), roles: ['tenant-admin'] };
  }
  throw new KolateError('KLT_TOKEN_INVALID', 'the token is malformed or its signature does not fit');
}

/** As a driver that runs nothing. */
export const planInMemory: PlanTier = async (tier, shards = 1) => ({
  tier,
  resources: [{ kind: 'stores in memory', name: 't_<tenant id>', count: shards, where: 'this process' }],
  cost: { usdPerMonth: 0, note: 'no cost: nothing runs' },
});

type Sent = { token?: string; headers?: Record<string, string>; body?: unknown };

/** The service's HTTP side on a database of its own, as the service's own role. */
export async function startEnterpriseInfo(availableTiers: readonly string[] = ['pool', 'dedicated']) {
  const database = await coreDatabase();
  const core = createPostgres('core', { url: `${database.url}?options=-c%20role%3Denterprise_info`, name: 'test' });
  const secrets = createFakeSecrets();
  const directory = createFakeIdentityDirectory();
  const app = createEnterpriseInfoApp({
    ...{ core, secrets, directory, availableTiers, verifyToken: verifyTestToken, log: createTestLog().log },
    planTier: planInMemory,
    quotas: [],
    probes: [{ name: 'postgres', check: core.ping }],
    cursorKeys: ['a-key-that-signs-the-cursors-of-lists'],
  });
  const call = async (method: 'GET' | 'POST' | 'PATCH' | 'DELETE', url: string, sent: Sent = {}) => {
    const { token = 'operator', headers, body } = sent;
    const answer = await app.inject({
      ...{ method, url },
      headers: {
        authorization: `Bearer ${token}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      payload: body === undefined ? undefined : JSON.stringify(body),
    });
    return { status: answer.statusCode, headers: answer.headers, body: answer.body === '' ? undefined : answer.json() };
  };
  return {
    ...{ app, core, secrets, directory, call, database },
    /** Everything that waits to be published, oldest first. */
    outbox: () =>
      core.sql.many<{ type: string; aggregatetype: string; aggregateid: string; payload: Record<string, unknown> }>`
        select type, aggregatetype, aggregateid, payload from tenancy.outbox order by seq`,
    /** Ends the operation as core's news would, and puts the tenant in the state that its steps would. */
    async settle(tenantId: string, state: string): Promise<void> {
      await core.sql.run`update tenancy.operation set status = 'succeeded' where tenant_id = ${tenantId}`;
      await core.sql.run`update tenancy.tenant set state = ${state} where id = ${tenantId}`;
    },
    async close(): Promise<void> {
      await app.close();
      await core.close();
      await database.drop();
    },
  };
}
export type EnterpriseInfo = Awaited<ReturnType<typeof startEnterpriseInfo>>;

let made = 0;
export const newTenantBody = (change: Record<string, unknown> = {}) => {
  made += 1;
  return { slug: `acme-${process.pid}-${made}`, name: 'Acme', tier: 'pool', contact: 'ops@acme.example', ...change };
};

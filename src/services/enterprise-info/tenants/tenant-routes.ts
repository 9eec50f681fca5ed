import type { FastifyInstance } from 'fastify';
import * as contract from '../../../contracts/http/tenants';
import { tiers } from '../../../contracts/tiers';
import { etagOf, withEtag } from '../../../platform/http/conditional';
import { runIdempotently } from '../../../platform/http/idempotency';
import type { createLister } from '../../../platform/http/list-query';
import { type Answer, type Call, registerRoute, type VerifyToken } from '../../../platform/http/register-route';
import type { Postgres } from '../../../platform/postgres/create-postgres';
import { listAnswer } from '../list-answer';
import { schema } from '../outbox';
import { switchTenant, updateTenant } from './change-tenant';
import type { createClientSecrets } from './client-secret';
import type { createOperationRequests } from './request-operation';
import { requireVisible, visibleTenant } from './tenant-access';
import type { Origin } from './tenant-facts';
import { createTenantStore, tenantNotFound, toTenant } from './tenant-store';

export type TenantRoutesDeps = {
  readonly verifyToken: VerifyToken;
  readonly core: Postgres<'core'>;
  readonly lister: ReturnType<typeof createLister>;
  readonly requests: ReturnType<typeof createOperationRequests>;
  readonly clientSecrets: ReturnType<typeof createClientSecrets>;
  readonly availableTiers: readonly string[];
};

const source = {
  from: 'tenancy.tenant_shown',
  columns: {
    id: 'id',
    slug: 'slug',
    name: 'name',
    tier: 'tier',
    contact: 'contact',
    state: 'state',
    clientId: 'client_id',
    currentOperationId: 'current_operation_id',
    createdAt: 'created_at',
    updatedAt: 'updated_at',
    version: 'version',
  },
  filterable: ['slug', 'name', 'tier', 'state', 'createdAt'],
  sortable: ['slug', 'name', 'tier', 'state', 'createdAt'],
  defaultSort: '-createdAt',
  id: 'id',
} as const;

export const originOf = ({ trace }: Pick<Call, 'trace'>): Origin => ({ traceparent: trace.traceparent });

export function registerTenantRoutes(app: FastifyInstance, deps: TenantRoutesDeps): void {
  registerReads(app, deps);
  registerOperations(app, deps);
  registerChanges(app, deps);
}

function registerReads(app: FastifyInstance, { verifyToken, core, lister, availableTiers }: TenantRoutesDeps): void {
  registerRoute(app, verifyToken, contract.listTiers, async ({ ifNoneMatch }) =>
    listAnswer(
      { items: tiers.map((tier) => ({ ...tier, available: availableTiers.includes(tier.name) })) },
      ifNoneMatch,
    ),
  );
  registerRoute(app, verifyToken, contract.listTenants, async ({ identity, query, ifNoneMatch }) => {
    const own = visibleTenant(identity);
    const where = own === undefined ? undefined : { text: 'id = $1', values: [own] };
    return listAnswer(await lister.list(core.sql, { ...source, where }, query), ifNoneMatch);
  });
  registerRoute(app, verifyToken, contract.getTenant, async ({ identity, params: { tenantId }, ifNoneMatch }) => {
    requireVisible(identity, tenantId);
    const tenant = await createTenantStore(core.sql).find(tenantId);
    if (!tenant) throw tenantNotFound();
    return withEtag(toTenant(tenant), etagOf(tenant.version), ifNoneMatch);
  });
}

function registerOperations(app: FastifyInstance, { verifyToken, core, requests }: TenantRoutesDeps): void {
  const requestOf = (call: Pick<Call, 'identity' | 'trace'> & { query: { dryRun?: boolean } }) => ({
    identity: call.identity,
    origin: originOf(call),
    dryRun: call.query.dryRun ?? false,
  });
  registerRoute(app, verifyToken, contract.createTenant, (call) =>
    call.query.dryRun
      ? core.transaction((sql) => requests.onboard(sql, call.body, requestOf(call)))
      : runIdempotently(core, schema, call, (sql) => requests.onboard(sql, call.body, requestOf(call))),
  );
  registerRoute(app, verifyToken, contract.changeTier, (call) =>
    runIdempotently(core, schema, call, (sql) =>
      requests.changeTier(sql, call.body.tier, { ...requestOf(call), ...call.params }),
    ),
  );
  registerRoute(app, verifyToken, contract.deleteTenant, (call) =>
    runIdempotently(core, schema, call, (sql) => requests.offboard(sql, { ...requestOf(call), ...call.params })),
  );
}

function registerChanges(app: FastifyInstance, { verifyToken, core, clientSecrets }: TenantRoutesDeps): void {
  registerRoute(app, verifyToken, contract.updateTenant, (call) =>
    runIdempotently(core, schema, call, (sql) =>
      updateTenant(sql, call.body, { ...call.params, ...call, origin: originOf(call) }),
    ),
  );
  const switching =
    (event: 'suspend' | 'resume') =>
    (call: Call<typeof contract.suspendTenant | typeof contract.resumeTenant>): Promise<Answer> =>
      runIdempotently(core, schema, call, (sql) =>
        switchTenant(sql, event, { ...call.params, identity: call.identity, origin: originOf(call) }),
      );
  registerRoute(app, verifyToken, contract.suspendTenant, switching('suspend'));
  registerRoute(app, verifyToken, contract.resumeTenant, switching('resume'));
  registerRoute(app, verifyToken, contract.revealClientSecret, async ({ identity, params }) =>
    unstored(await clientSecrets.reveal(identity, params.tenantId)),
  );
  registerRoute(app, verifyToken, contract.rotateClientSecret, async ({ identity, params }) =>
    unstored(await clientSecrets.rotate(identity, params.tenantId)),
  );
}

const unstored = (body: contract.ClientCredentials): Answer => ({
  status: 200,
  headers: { 'cache-control': 'no-store' },
  body,
});

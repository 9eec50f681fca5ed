import type { FastifyInstance } from 'fastify';
import { KolateError } from '../../../contracts/errors';
import { operationCancelRequested, operationRetryRequested } from '../../../contracts/events/saga-messages';
import * as contract from '../../../contracts/http/operations';
import type { Identity } from '../../../contracts/scopes';
import { sagas } from '../../../domain/sagas/all-sagas';
import { withEtag } from '../../../platform/http/conditional';
import { runIdempotently } from '../../../platform/http/idempotency';
import type { createLister } from '../../../platform/http/list-query';
import { type Answer, type Call, registerRoute, type VerifyToken } from '../../../platform/http/register-route';
import type { Postgres } from '../../../platform/postgres/create-postgres';
import type { CoreSql } from '../../../platform/postgres/sql';
import { listAnswer } from '../list-answer';
import { publish, schema } from '../outbox';
import { accepted } from '../tenants/request-operation';
import { visibleTenant } from '../tenants/tenant-access';
import { createTenantStore } from '../tenants/tenant-store';
import { createOperationStore, type OperationRow, operationNotFound, toOperation } from './operation-store';

export type OperationRoutesDeps = {
  readonly verifyToken: VerifyToken;
  readonly core: Postgres<'core'>;
  readonly lister: ReturnType<typeof createLister>;
};

const source = {
  from: 'tenancy.operation',
  columns: {
    id: 'id',
    kind: 'kind',
    tenantId: 'tenant_id',
    status: 'status',
    steps: 'steps',
    result: 'result',
    cause: 'cause',
    createdAt: 'created_at',
    updatedAt: 'updated_at',
  },
  filterable: ['tenantId', 'kind', 'status'],
  sortable: ['createdAt', 'updatedAt', 'kind', 'status'],
  defaultSort: '-createdAt',
  id: 'id',
} as const;

export function registerOperationRoutes(
  app: FastifyInstance,
  { verifyToken, core, lister }: OperationRoutesDeps,
): void {
  registerRoute(app, verifyToken, contract.getOperation, async ({ identity, params, ifNoneMatch }) => {
    const row = requireSeen(await createOperationStore(core.sql).find(params.operationId), identity);
    return withEtag(toOperation(row), `"${row.revision}-${row.updated_at.getTime()}"`, ifNoneMatch);
  });
  registerRoute(app, verifyToken, contract.listOperations, async ({ identity, query, ifNoneMatch }) => {
    const own = visibleTenant(identity);
    const where = own === undefined ? undefined : { text: 'tenant_id = $1', values: [own] };
    return listAnswer(await lister.list(core.sql, { ...source, where }, query), ifNoneMatch);
  });
  registerRoute(app, verifyToken, contract.retryOperation, (call) =>
    runIdempotently(core, schema, call, (sql) => retry(sql, call)),
  );
  registerRoute(app, verifyToken, contract.cancelOperation, (call) =>
    runIdempotently(core, schema, call, (sql) => cancel(sql, call)),
  );
}

type OperationCall = Call<typeof contract.retryOperation | typeof contract.cancelOperation>;

/** @throws KolateError KLT_OPERATION_NOT_FOUND, KLT_OPERATION_TRANSITION_ILLEGAL, KLT_TENANT_BUSY */
async function retry(sql: CoreSql, { params: { operationId }, identity, trace }: OperationCall): Promise<Answer> {
  const { operations, row } = await lockForChange(sql, operationId, identity);
  if (row.status !== 'failed') throw illegal(row, 'retry', 'only a failed one can be retried');
  // From here on it is the tenant's one running operation again, whoever else asks before core has begun.
  const running = await operations.setRunning(operationId);
  await publish(sql, operationRetryRequested, requestFields(running, trace.traceparent));
  return accepted({ operationId, tenantId: row.tenant_id, status: running.status });
}

/** @throws KolateError KLT_OPERATION_NOT_FOUND, KLT_OPERATION_TRANSITION_ILLEGAL */
async function cancel(sql: CoreSql, { params: { operationId }, identity, trace }: OperationCall): Promise<Answer> {
  const { row } = await lockForChange(sql, operationId, identity);
  if (row.status !== 'running') throw illegal(row, 'cancel', 'only a running one can be cancelled');
  if (isPastUndoing(row))
    throw illegal(row, 'cancel', 'what it has done by now cannot be undone; it goes on to its end');
  await publish(sql, operationCancelRequested, requestFields(row, trace.traceparent));
  // Its status follows when core has heard of it.
  return accepted({ operationId, tenantId: row.tenant_id, status: 'cancelling' });
}

async function lockForChange(sql: CoreSql, operationId: string, identity: Identity) {
  const operations = createOperationStore(sql);
  const { tenant_id: tenantId } = requireSeen(await operations.find(operationId), identity);
  // Always the tenant first, as everybody who begins an operation does.
  await createTenantStore(sql).lock(tenantId);
  return { operations, row: requireSeen(await operations.lock(operationId), identity) };
}

function requireSeen(row: OperationRow | undefined, identity: Identity): OperationRow {
  const own = visibleTenant(identity);
  if (!row || (own !== undefined && row.tenant_id !== own)) throw operationNotFound();
  return row;
}

function isPastUndoing({ kind, steps }: OperationRow): boolean {
  const definition = sagas.get(kind);
  return steps.some(({ status, attempt }, index) => {
    const step = definition?.steps[index];
    return (step?.final && status === 'succeeded') || (step?.irreversible && attempt > 0);
  });
}

const requestFields = ({ id, tenant_id: tenantId }: OperationRow, traceparent: string) => ({
  key: id,
  tenantId,
  correlationId: id,
  traceparent,
  data: { operationId: id },
});

const illegal = ({ status }: OperationRow, what: string, why: string): KolateError =>
  new KolateError('KLT_OPERATION_TRANSITION_ILLEGAL', `cannot ${what} an operation that is ${status}: ${why}`, {
    extra: {
      operationStatus: status,
      allowed: status === 'failed' ? ['retry'] : status === 'running' ? ['cancel'] : [],
    },
  });

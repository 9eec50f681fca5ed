import { KolateError } from '../../../contracts/errors';
import type { Cause, Operation, OperationStatus, OperationStep } from '../../../contracts/http/operations';
import type { SagaDefinition } from '../../../domain/sagas/saga';
import { type CoreSql, isUniqueViolation } from '../../../platform/postgres/sql';

export type OperationRow = {
  readonly id: string;
  readonly kind: string;
  readonly tenant_id: string;
  readonly status: OperationStatus;
  readonly steps: OperationStep[];
  readonly result: Record<string, unknown> | null;
  readonly cause: Cause | null;
  readonly revision: number;
  readonly created_at: Date;
  readonly updated_at: Date;
};

export type NewOperation = { readonly id: string; readonly tenantId: string };

export const operationNotFound = (): KolateError =>
  new KolateError('KLT_OPERATION_NOT_FOUND', 'there is no such operation');

export const tenantBusy = (operationId?: string, cause?: unknown): KolateError =>
  new KolateError('KLT_TENANT_BUSY', 'another operation on this tenant is running', {
    hint: operationId === undefined ? 'wait for it to end' : `wait for /v1/operations/${operationId} to end`,
    retryAfterSeconds: 2,
    extra: operationId === undefined ? {} : { operationId },
    cause,
  });

/** Operations in the transaction, or on the connection, of `sql`. */
export function createOperationStore(sql: CoreSql) {
  return {
    /** A new operation with every step still to come. @throws KolateError KLT_TENANT_BUSY */
    begin: ({ id, tenantId }: NewOperation, { name, steps }: SagaDefinition): Promise<OperationRow> =>
      onlyOne(
        () => sql.one<OperationRow>`
          insert into tenancy.operation (id, kind, tenant_id, status, steps)
          values (${id}, ${name}, ${tenantId}, 'running', ${JSON.stringify(steps.map(pendingStep))})
          returning *`,
      ),
    find: (id: string): Promise<OperationRow | undefined> =>
      sql.maybe<OperationRow>`select * from tenancy.operation where id = ${id}`,
    lock: (id: string): Promise<OperationRow | undefined> =>
      sql.maybe<OperationRow>`select * from tenancy.operation where id = ${id} for update`,
    /** @throws KolateError KLT_TENANT_BUSY when another operation of the tenant runs by now */
    setRunning: (id: string): Promise<OperationRow> =>
      onlyOne(
        () => sql.one<OperationRow>`
          update tenancy.operation set status = 'running', cause = null, updated_at = now() where id = ${id} returning *`,
      ),
    /** What core says of the operation, unless newer news was there. @returns whether it was news */
    project: async ({ revision, operation }: { revision: number; operation: Operation }): Promise<boolean> => {
      const { id, status, steps, result, cause, updatedAt } = operation;
      const changed = await sql.run`
        update tenancy.operation set status = ${status}, steps = ${JSON.stringify(steps)}, revision = ${revision},
          result = ${result === undefined ? null : JSON.stringify(result)},
          cause = ${cause === undefined ? null : JSON.stringify(cause)}, updated_at = ${updatedAt}
        where id = ${id} and revision < ${revision}`;
      return changed === 1;
    },
  };
}

async function onlyOne(act: () => Promise<OperationRow>): Promise<OperationRow> {
  try {
    return await act();
  } catch (error) {
    throw isUniqueViolation(error, 'operation_one_running') ? tenantBusy(undefined, error) : error;
  }
}

const pendingStep = ({ name }: { name: string }): OperationStep => ({ name, status: 'pending', attempt: 0 });

export const toOperation = (row: OperationRow): Operation => ({
  id: row.id,
  kind: row.kind,
  tenantId: row.tenant_id,
  status: row.status,
  steps: row.steps,
  ...(row.result === null ? {} : { result: row.result }),
  ...(row.cause === null ? {} : { cause: row.cause }),
  createdAt: row.created_at.toISOString(),
  updatedAt: row.updated_at.toISOString(),
});

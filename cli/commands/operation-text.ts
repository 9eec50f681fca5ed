import type { Operation } from '../../src/contracts/http/operations';
import { renderFields, renderTable } from '../table';

/** An operation with its steps, and the cause and hint of what went wrong. */
export function operationText(operation: Operation): string {
  const { id, kind, tenantId, status, createdAt, cause, steps } = operation;
  const head = renderFields({ operation: id, kind, tenant: tenantId, status, created: createdAt });
  const table = renderTable(
    [
      ['step', (step) => step.name],
      ['status', (step) => step.status],
      ['attempt', (step) => step.attempt],
      ['took', (step) => (step.durationMs === undefined ? undefined : `${step.durationMs} ms`)],
      ['cause', (step) => step.cause?.detail],
    ],
    steps,
  );
  const why = cause ? `\n\n${cause.code}: ${cause.detail}${cause.hint ? `\n${cause.hint}` : ''}` : '';
  return `${head}\n\n${table}${why}`;
}

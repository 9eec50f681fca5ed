import { operationProgressed } from '../../../contracts/events/saga-messages';
import { type EventHandler, on } from '../../../platform/kafka/event-handler';
import type { CoreSql } from '../../../platform/postgres/sql';
import { createTenantStore } from '../tenants/tenant-store';
import { createOperationStore } from './operation-store';

const over = new Set(['succeeded', 'failed', 'cancelled']);

/** Core's news of an operation, into the row that the API shows. News that comes late or twice changes nothing. */
export const projectOperation: EventHandler<CoreSql> = on(operationProgressed, async ({ data }, sql: CoreSql) => {
  const { status, tenantId } = data.operation;
  if (!over.has(status)) {
    await createOperationStore(sql).project(data);
    return;
  }
  // The tenant first, as everybody does who locks both.
  const tenants = createTenantStore(sql);
  await tenants.lock(tenantId);
  // The tenant is shown with its running operation: without this its ETag would stand for two answers.
  if (await createOperationStore(sql).project(data)) await tenants.touch(tenantId);
});

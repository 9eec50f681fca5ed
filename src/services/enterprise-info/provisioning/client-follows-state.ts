import { KolateError } from '../../../contracts/errors';
import type { EventContract } from '../../../contracts/events/event';
import {
  tenantActivated,
  tenantResumed,
  tenantStateChanged,
  tenantSuspended,
} from '../../../contracts/events/tenant-events';
import type { IdentityDirectory } from '../../../platform/identity/identity-directory';
import { type EventHandler, on } from '../../../platform/kafka/event-handler';
import type { Postgres } from '../../../platform/postgres/create-postgres';
import type { CoreSql } from '../../../platform/postgres/sql';
import { clientName } from '../tenants/client-name';
import { createTenantStore } from '../tenants/tenant-store';

const served = new Set(['active', 'changing_tier']);

/**
 * The tenant's OAuth client gets tokens while the tenant is served, and none while it is not. Done after the fact, and
 * again until it works: a suspension does not wait for the directory.
 */
export function createClientFollower(core: Postgres<'core'>, directory: IdentityDirectory): EventHandler<CoreSql>[] {
  const follow = async ({ tenantId }: { tenantId: string }): Promise<void> => {
    // As it is now: news may be old.
    const tenant = await createTenantStore(core.sql).find(tenantId);
    if (!tenant?.client_id) return;
    try {
      if (served.has(tenant.state)) await directory.enableClient(clientName(tenant));
      else await directory.disableClient(clientName(tenant));
    } catch (error) {
      if (!(error instanceof KolateError && error.code === 'KLT_CLIENT_NOT_FOUND')) throw error;
    }
  };
  const followed = <E extends EventContract<typeof tenantSuspended.data>>(event: E): EventHandler<CoreSql> =>
    on(event, { prepare: ({ data }) => follow(data), handle: async () => undefined });
  return [tenantActivated, tenantSuspended, tenantResumed, tenantStateChanged].map(followed);
}

import { isDeepStrictEqual } from 'node:util';
import type { Logger } from '../../../platform/logging/create-logger';
import type { Postgres } from '../../../platform/postgres/create-postgres';
import type { TenantStackDriver } from '../../../platform/tenancy/tenant-stack-driver';
import { publishFact } from '../tenants/tenant-facts';
import { createTenantStore } from '../tenants/tenant-store';
import { createPlacementStore, type PlacementRow } from './placement-store';

type Deps = { readonly core: Postgres<'core'>; readonly driver: TenantStackDriver; readonly log: Logger };

/**
 * Asks the driver where each stack is now, and writes it down where it has moved: engines of one machine come back at
 * another port when theirs was taken meanwhile. Everybody who has the old place cached is told by a fact.
 * @returns how many had moved
 */
export async function reconcilePlacements({ core, driver, log }: Deps): Promise<number> {
  const rows = await core.sql.many<PlacementRow>`select * from tenancy.placement where endpoints is not null`;
  let moved = 0;
  for (const row of rows) {
    const stack = await driver.describe(row.stack);
    if (!stack || isDeepStrictEqual(stack.endpoints, row.endpoints)) continue;
    await core.transaction(async (sql) => {
      await createPlacementStore(sql).fill(row.tenant_id, row.role, row.secret_name, stack.endpoints);
      await publishFact(sql, 'stateChanged', await createTenantStore(sql).lock(row.tenant_id), {});
    });
    log.info({ tenantId: row.tenant_id, stack: row.stack }, 'the stack has moved');
    moved += 1;
  }
  return moved;
}

import type { EventContract } from '../../../contracts/events/event';
import {
  tenantActivated,
  tenantDeleted,
  tenantResumed,
  tenantStateChanged,
  tenantSuspended,
  tenantUpdated,
} from '../../../contracts/events/tenant-events';
import type { CoreSql } from '../../../platform/postgres/sql';
import { publish } from '../outbox';
import type { TenantRow } from './tenant-store';

/** What a fact came out of: the request or the command that it belongs to. */
export type Origin = { readonly correlationId?: string; readonly causationId?: string; readonly traceparent?: string };

const facts = {
  updated: tenantUpdated,
  activated: tenantActivated,
  suspended: tenantSuspended,
  resumed: tenantResumed,
  stateChanged: tenantStateChanged,
  deleted: tenantDeleted,
} as const;
export type FactName = keyof typeof facts;

export const subjectOf = ({ id, slug, name, tier, contact }: TenantRow) => ({
  tenantId: id,
  slug,
  name,
  tier,
  contact,
});

/** Publishes a fact about the tenant as it is now. */
export const publishFact = (sql: CoreSql, fact: FactName, tenant: TenantRow, origin: Origin): Promise<void> =>
  publish(sql, facts[fact], {
    key: tenant.id,
    tenantId: tenant.id,
    data: { ...subjectOf(tenant), state: tenant.state },
    ...origin,
  });

/** Publishes a request that starts the saga with the operation's id. `more` is what the request has besides. */
export const publishRequest = <E extends EventContract>(
  sql: CoreSql,
  event: E,
  tenant: TenantRow,
  {
    operationId,
    origin,
    more = {},
  }: { operationId: string; origin: Origin; more?: Readonly<Record<string, string | number>> },
): Promise<void> =>
  publish(sql, event, {
    key: tenant.id,
    tenantId: tenant.id,
    data: { ...subjectOf(tenant), operationId, ...more },
    ...origin,
    correlationId: operationId,
  });

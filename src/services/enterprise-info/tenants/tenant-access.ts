import { KolateError } from '../../../contracts/errors';
import type { TenantState } from '../../../contracts/http/tenants';
import type { Identity } from '../../../contracts/scopes';
import { type TenantEvent, transition } from '../../../domain/tenancy/lifecycle';
import { isOperator } from '../../../platform/http/authorize';
import type { CoreSql } from '../../../platform/postgres/sql';
import { tenantBusy } from '../operations/operation-store';
import { createTenantStore, type TenantRow, tenantNotFound } from './tenant-store';

/** Operators see every tenant; anybody else their own, and of others not even that they are there. @throws KLT_TENANT_NOT_FOUND */
export function requireVisible(identity: Identity, tenantId: string): void {
  if (!isOperator(identity) && identity.tenantId !== tenantId) throw tenantNotFound();
}

/** Which tenants a list may show: undefined for all. */
export const visibleTenant = (identity: Identity): string | undefined =>
  // No tenant has the empty id: a token without a tenant that is no operator's sees none.
  isOperator(identity) ? undefined : (identity.tenantId ?? '00000000-0000-0000-0000-000000000000');

/** The tenant, locked, with no operation under way. @throws KLT_TENANT_NOT_FOUND, KLT_TENANT_BUSY */
export async function lockIdle(sql: CoreSql, identity: Identity, tenantId: string): Promise<TenantRow> {
  requireVisible(identity, tenantId);
  const tenants = createTenantStore(sql);
  const tenant = await tenants.lock(tenantId);
  const operation = await tenants.currentOperation(tenantId);
  if (operation !== undefined) throw tenantBusy(operation);
  return tenant;
}

/** The state after `event`. @throws KolateError KLT_TENANT_TRANSITION_ILLEGAL naming what is allowed instead */
export function requireTransition(state: TenantState, event: TenantEvent): TenantState {
  const result = transition(state, event);
  if (result.ok) return result.state;
  const { allowed } = result;
  const instead = allowed.length === 0 ? 'nothing is' : `${allowed.join(', ')} ${allowed.length === 1 ? 'is' : 'are'}`;
  throw new KolateError(
    'KLT_TENANT_TRANSITION_ILLEGAL',
    `a tenant that is ${state} does not allow ${event}; ${instead} allowed`,
    { extra: { state, allowed } },
  );
}

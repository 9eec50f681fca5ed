import type { TenantState } from '../../../contracts/http/tenants';
import { type TenantEvent, transition } from '../../../domain/tenancy/lifecycle';
import type { CoreSql } from '../../../platform/postgres/sql';
import { requireTransition } from '../tenants/tenant-access';
import { type FactName, publishFact } from '../tenants/tenant-facts';
import { createTenantStore, type TenantRow } from '../tenants/tenant-store';
import type { StepContext } from './step';

type Move = {
  readonly event: TenantEvent;
  /** The state that `event` leads to: a tenant that is there already has been moved by an earlier run of the step. */
  readonly to: TenantState;
  readonly fact?: FactName;
};

/**
 * Moves the tenant, with the fact that tells of it. Where it is there already, nothing happens.
 * @throws KolateError KLT_TENANT_TRANSITION_ILLEGAL
 */
export async function moveTenant(sql: CoreSql, context: StepContext, move: Move): Promise<TenantRow> {
  const tenants = createTenantStore(sql);
  const tenant = await tenants.lock(context.tenantId);
  if (tenant.state === move.to) return tenant;
  const state = requireTransition(tenant.state, move.event);
  // Offboarding alone may have to go back to one of several states.
  const moved = await tenants.setState(tenant.id, state, state === 'exporting' ? tenant.state : null);
  await publishFact(sql, move.fact ?? 'stateChanged', moved, context.origin);
  return moved;
}

/** Takes a move back. Where the tenant is in a state that does not know `event`, the move was never made. */
export async function takeBack(sql: CoreSql, context: StepContext, event: TenantEvent): Promise<void> {
  const tenants = createTenantStore(sql);
  const tenant = await tenants.lock(context.tenantId);
  const result = transition(tenant.state, event);
  if (!result.ok) return;
  await publishFact(sql, 'stateChanged', await tenants.setState(tenant.id, result.state), context.origin);
}

/** How an offboarding that is given up goes back: to the state that the tenant was in before. */
export async function restoringEvent(sql: CoreSql, tenantId: string): Promise<TenantEvent> {
  const { state_before: before } = await createTenantStore(sql).lock(tenantId);
  if (before === 'suspended') return 'restore_suspended';
  return before === 'requested' ? 'restore_requested' : 'restore_active';
}

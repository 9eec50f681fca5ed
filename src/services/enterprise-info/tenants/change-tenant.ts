import type { UpdateTenant } from '../../../contracts/http/tenants';
import type { Identity } from '../../../contracts/scopes';
import { etagOf, requireMatch } from '../../../platform/http/conditional';
import type { Answer } from '../../../platform/http/register-route';
import type { CoreSql } from '../../../platform/postgres/sql';
import { lockIdle, requireTransition, requireVisible } from './tenant-access';
import { type Origin, publishFact } from './tenant-facts';
import { createTenantStore, tenantNotFound, toTenant } from './tenant-store';

type Change = { readonly tenantId: string; readonly identity: Identity; readonly origin: Origin };

/** @throws KolateError KLT_TENANT_NOT_FOUND, KLT_PRECONDITION_REQUIRED, KLT_PRECONDITION_FAILED, KLT_TENANT_TRANSITION_ILLEGAL */
export async function updateTenant(
  sql: CoreSql,
  body: UpdateTenant,
  { tenantId, identity, origin, ifMatch }: Change & { readonly ifMatch: string | undefined },
): Promise<Answer> {
  requireVisible(identity, tenantId);
  const tenants = createTenantStore(sql);
  const { version, state } = await tenants.lock(tenantId);
  requireMatch(ifMatch, version);
  // A certificate has been written about who it was.
  if (state === 'deprovisioning' || state === 'deleted') requireTransition(state, 'suspend');
  await publishFact(sql, 'updated', await tenants.update(tenantId, body), origin);
  return showTenant(sql, tenantId);
}

/** @throws KolateError KLT_TENANT_NOT_FOUND, KLT_TENANT_BUSY, KLT_TENANT_TRANSITION_ILLEGAL */
export async function switchTenant(
  sql: CoreSql,
  event: 'suspend' | 'resume',
  { tenantId, identity, origin }: Change,
): Promise<Answer> {
  const { state } = await lockIdle(sql, identity, tenantId);
  const next = requireTransition(state, event);
  const tenant = await createTenantStore(sql).setState(tenantId, next);
  await publishFact(sql, event === 'suspend' ? 'suspended' : 'resumed', tenant, origin);
  return showTenant(sql, tenantId);
}

async function showTenant(sql: CoreSql, tenantId: string): Promise<Answer> {
  const tenant = await createTenantStore(sql).find(tenantId);
  if (!tenant) throw tenantNotFound();
  return { status: 200, headers: { etag: etagOf(tenant.version) }, body: toTenant(tenant) };
}

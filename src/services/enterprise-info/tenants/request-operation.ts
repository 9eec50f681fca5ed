import type { AccountQuota } from '../../../contracts/account-quotas';
import { KolateError } from '../../../contracts/errors';
import type { EventContract } from '../../../contracts/events/event';
import {
  tenantOffboardingRequested,
  tenantRequested,
  tenantTierChangeRequested,
} from '../../../contracts/events/tenant-events';
import type { OperationAccepted } from '../../../contracts/http/operations';
import type { CreateTenant } from '../../../contracts/http/tenants';
import type { Identity } from '../../../contracts/scopes';
import type { PlannedResource, TierPlan } from '../../../contracts/tier-plan';
import { tiers } from '../../../contracts/tiers';
import type { SagaDefinition } from '../../../domain/sagas/saga';
import { tenantOffboarding } from '../../../domain/sagas/tenant-offboarding';
import { tenantOnboarding } from '../../../domain/sagas/tenant-onboarding';
import { tenantTierChange } from '../../../domain/sagas/tenant-tier-change';
import { findTier } from '../../../domain/tenancy/tiers';
import type { Answer } from '../../../platform/http/register-route';
import type { CoreSql } from '../../../platform/postgres/sql';
import type { PlanTier } from '../../../platform/tenancy/tenant-stack-driver';
import { createOperationStore } from '../operations/operation-store';
import { planOf } from '../operations/plan';
import { findRoom } from '../provisioning/place-tenant';
import type { Room } from '../provisioning/placement-store';
import { lockIdle, requireTransition } from './tenant-access';
import { type Origin, publishRequest } from './tenant-facts';
import { createTenantStore, slugTaken, type TenantRow } from './tenant-store';

export type RequestDeps = {
  readonly newId: () => string;
  /** Tiers that this installation can provide. */
  readonly availableTiers: readonly string[];
  readonly planTier: PlanTier;
  /** Of the account that stacks are made in; none on one machine. */
  readonly quotas: readonly AccountQuota[];
};

export type OperationRequest = {
  readonly identity: Identity;
  readonly origin: Origin;
  /** Answer what would be done, and do nothing. */
  readonly dryRun: boolean;
};

type Target = OperationRequest & { readonly tenantId: string };

/** Begin the operations on tenants: each in the transaction of `sql`, with the fact that starts its saga. */
export function createOperationRequests({ newId, availableTiers, planTier, quotas }: RequestDeps) {
  const begin = async (
    sql: CoreSql,
    tenant: TenantRow,
    saga: SagaDefinition,
    request: { event: EventContract; origin: Origin; more?: Record<string, string | number> },
  ): Promise<Answer> => {
    const operation = await createOperationStore(sql).begin({ id: newId(), tenantId: tenant.id }, saga);
    await createTenantStore(sql).touch(tenant.id);
    await publishRequest(sql, request.event, tenant, { operationId: operation.id, ...request });
    return accepted({ operationId: operation.id, tenantId: tenant.id, status: operation.status });
  };

  /** What is in the way of it is said now, and not by a saga that has begun. */
  const wouldMake = async (sql: CoreSql, tier: string, shards?: number): Promise<TierPlan | undefined> => {
    const made = await planTier(tier, shards);
    const room = await findRoom(sql, tier, quotas);
    return made && room ? { ...made, resources: [...made.resources, roomIn(room)] } : made;
  };

  return {
    /** @throws KolateError KLT_TIER_UNKNOWN, KLT_TIER_UNAVAILABLE, KLT_REQUEST_INVALID, KLT_TENANT_SLUG_TAKEN; a dry run as findRoom */
    async onboard(sql: CoreSql, body: CreateTenant, { origin, dryRun }: OperationRequest): Promise<Answer> {
      requireTier(body.tier, availableTiers);
      requireShards(body);
      const tenants = createTenantStore(sql);
      if (dryRun) {
        if (await tenants.isSlugTaken(body.slug)) throw slugTaken(body.slug);
        return { status: 200, body: planOf(tenantOnboarding, body.tier, await wouldMake(sql, body.tier, body.shards)) };
      }
      const tenant = await tenants.insert(newId(), body);
      const { shards = 1 } = body;
      const more: Record<string, number> = shards > 1 ? { shards } : {};
      return begin(sql, tenant, tenantOnboarding, { event: tenantRequested, origin, more });
    },

    /** @throws KolateError KLT_TIER_UNKNOWN, KLT_TIER_UNAVAILABLE, KLT_TENANT_BUSY, KLT_TENANT_TRANSITION_ILLEGAL */
    async changeTier(sql: CoreSql, toTier: string, { tenantId, identity, origin, dryRun }: Target): Promise<Answer> {
      requireTier(toTier, availableTiers);
      const tenant = await lockIdle(sql, identity, tenantId);
      requireTransition(tenant.state, 'change_tier');
      if (tenant.tier === toTier) throw tierFault('KLT_REQUEST_INVALID', `the tenant is in tier ${toTier} already`);
      if (dryRun) return { status: 200, body: planOf(tenantTierChange, toTier, await wouldMake(sql, toTier)) };
      return begin(sql, tenant, tenantTierChange, { event: tenantTierChangeRequested, origin, more: { toTier } });
    },

    /** @throws KolateError KLT_TENANT_BUSY, KLT_TENANT_TRANSITION_ILLEGAL */
    async offboard(sql: CoreSql, { tenantId, identity, origin, dryRun }: Target): Promise<Answer> {
      const tenant = await lockIdle(sql, identity, tenantId);
      requireTransition(tenant.state, 'offboard');
      if (dryRun) return { status: 200, body: planOf(tenantOffboarding, tenant.tier) };
      return begin(sql, tenant, tenantOffboarding, { event: tenantOffboardingRequested, origin });
    },
  };
}

export const accepted = (body: OperationAccepted): Answer => ({
  status: 202,
  headers: { location: `/v1/operations/${body.operationId}` },
  body,
});

const roomIn = ({ cellId, slot, memoryMib, diskGib }: Room): PlannedResource => ({
  ...{ kind: 'room in a shared cell', name: `${memoryMib} MiB of memory, ${diskGib} GiB of disk`, count: 1 },
  where: `cell ${cellId}, slot ${slot}, as things are now`,
});

function requireTier(tier: string, available: readonly string[]): void {
  const list = available.join(', ');
  if (!findTier(tier)) {
    const known = `there are ${tiers.map(({ name }) => name).join(', ')}`;
    throw tierFault('KLT_TIER_UNKNOWN', `there is no tier "${tier}"; ${known}`, `this installation provides ${list}`);
  }
  if (!available.includes(tier)) {
    throw tierFault('KLT_TIER_UNAVAILABLE', `this installation cannot provide the tier ${tier}`, `it provides ${list}`);
  }
}

function requireShards({ tier, shards = 1 }: CreateTenant): void {
  const most = findTier(tier)?.maxShards ?? 1;
  if (shards <= most) return;
  const detail = `a tenant of tier ${tier} has ${most} at most; GET /v1/tiers says what each allows`;
  throw new KolateError('KLT_REQUEST_INVALID', `shards: ${detail}`, { errors: [{ pointer: '/shards', detail }] });
}

const tierFault = (
  code: 'KLT_TIER_UNKNOWN' | 'KLT_TIER_UNAVAILABLE' | 'KLT_REQUEST_INVALID',
  detail: string,
  hint?: string,
): KolateError => new KolateError(code, detail, { errors: [{ pointer: '/tier', detail }], hint });

import type { AccountQuota } from '../../../contracts/account-quotas';
import { KolateError } from '../../../contracts/errors';
import type { Logger } from '../../../platform/logging/create-logger';
import type { CoreSql } from '../../../platform/postgres/sql';
import { createTenantStore } from '../tenants/tenant-store';
import { placeTenant } from './place-tenant';
import { createPlacementStore } from './placement-store';
import { requireToTier } from './require-tier';
import { quick, type StepContext } from './step';
import { moveTenant, takeBack } from './tenant-moves';

export type TenancyStepDeps = {
  readonly availableTiers: readonly string[];
  /** Of the account that stacks are made in. @default - none: one machine */
  readonly quotas?: readonly AccountQuota[];
  readonly log: Logger;
};

/** Steps on the tenant's own row: its state, its tier, where it is placed. */
export function createTenancySteps({ availableTiers, quotas = [], log }: TenancyStepDeps) {
  return {
    ...onboarding(availableTiers, quotas),
    ...offboarding,
    ...tierChange,
    /** Where notifications are sent from is a service of its own; until it is there the log says it. */
    'tenancy.notify': quick(async (_sql, { input, tenantId, sagaId }) => {
      log.info({ tenantId, operationId: sagaId, slug: input.slug }, 'the operation on the tenant has ended well');
      return {};
    }),
  };
}

const onboarding = (availableTiers: readonly string[], quotas: readonly AccountQuota[]) => ({
  'tenancy.reserve_slug': quick(async (sql, context) => {
    const { slug, tier } = context.input;
    if (!availableTiers.includes(tier)) {
      throw new KolateError('KLT_TIER_UNAVAILABLE', `this installation cannot provide the tier ${tier}`);
    }
    await moveTenant(sql, context, { event: 'validate', to: 'validating' });
    return { slug };
  }),
  'tenancy.release_slug': quick(async (sql, context) => {
    await takeBack(sql, context, 'release');
    return {};
  }),
  'tenancy.place': quick(async (sql, context) => {
    const { tenantId } = context;
    const { tier } = context.input;
    await moveTenant(sql, context, { event: 'place', to: 'provisioning' });
    return { stores: await placeTenant(sql, { tenantId, tier, role: 'current', quotas }) };
  }),
  'tenancy.unplace': quick(async (sql, context) => {
    await createPlacementStore(sql).remove(context.tenantId, 'current');
    await takeBack(sql, context, 'unplace');
    return {};
  }),
  'tenancy.activate': quick(async (sql, context) => {
    const tenant = await moveTenant(sql, context, { event: 'activate', to: 'active', fact: 'activated' });
    const { id: tenantId, slug, tier, client_id: clientId } = tenant;
    return { tenantId, slug, tier, clientId };
  }),
  'tenancy.deactivate': quick(async (sql, context) => {
    await takeBack(sql, context, 'deactivate');
    return {};
  }),
});

const offboarding = {
  'tenancy.begin_offboarding': quick(async (sql, context) => {
    const { state_before: stateBefore } = await moveTenant(sql, context, { event: 'offboard', to: 'exporting' });
    return { stateBefore };
  }),
  'tenancy.delete': quick(async (sql, context) => {
    await moveTenant(sql, context, { event: 'delete', to: 'deleted', fact: 'deleted' });
    return {};
  }),
};

const tierChange = {
  'tenancy.begin_tier_change': quick(async (sql, context) => {
    await moveTenant(sql, context, { event: 'change_tier', to: 'changing_tier' });
    return {};
  }),
  'tenancy.switch_placement': quick(async (sql, context) => {
    const toTier = requireToTier(context);
    await swap(sql, context, { from: 'target', over: 'old' });
    const now = await createPlacementStore(sql).find(context.tenantId, 'current');
    if (now?.tier !== toTier) throw new KolateError('KLT_INTERNAL', `there is no place in tier ${toTier} to switch to`);
    await createTenantStore(sql).setTier(context.tenantId, toTier);
    return { tier: toTier };
  }),
  'tenancy.switch_back': quick(async (sql, context) => {
    await swap(sql, context, { from: 'old', over: 'target' });
    await createTenantStore(sql).setTier(context.tenantId, context.input.tier);
    return {};
  }),
  'tenancy.end_tier_change': quick(async (sql, context) => {
    await moveTenant(sql, context, { event: 'end_tier_change', to: 'active' });
    return {};
  }),
  'tenancy.reopen_tier_change': quick(async (sql, context) => {
    await takeBack(sql, context, 'reopen_tier_change');
    return {};
  }),
};

/** Makes the place of role `from` the current one, and the current one `over`. Where `from` is none, it was done before. */
async function swap(
  sql: CoreSql,
  context: StepContext,
  { from, over }: { from: 'target' | 'old'; over: 'target' | 'old' },
) {
  const { tenantId } = context;
  await createTenantStore(sql).lock(tenantId);
  const placements = createPlacementStore(sql);
  if (await placements.find(tenantId, from)) {
    await placements.rename(tenantId, 'current', over);
    await placements.rename(tenantId, from, 'current');
  }
}

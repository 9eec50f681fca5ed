import { tenantTierChangeRequested } from '../../contracts/events/tenant-events';
import { saga, step } from './saga';

/**
 * A tenant's stores move to another tier while it is paused. The tenant is served again before the old stores are
 * destroyed: a stack that will not go away must not keep it waiting.
 *
 * `input` of every command: `{ tenantId, slug, name, tier, contact, operationId, toTier }`; see tenant-onboarding.ts for `outputs`.
 */
export const tenantTierChange = saga('tenant-tier-change', { startedBy: tenantTierChangeRequested, result: 'switch' }, [
  // Tenant `active → changing_tier`: its requests get KLT_TENANT_PAUSED. Output `{}`. Undo: tenant back to `active`.
  step('pause', { command: 'tenancy.begin_tier_change', undo: 'tenancy.abandon_tier_change', timeoutMs: 5_000 }),

  // As in offboarding. Output `{ bucket, prefix, counts }`. Undo: the export is deleted.
  step('export', { command: 'stores.export', undo: 'stores.discard_export', timeoutMs: 600_000 }),

  // Stack, credentials and migrations of `toTier`, beside the old ones; the placement still names the old ones.
  // Output `{ stack, secretName, stores }`. Undo: what was made for the target is destroyed.
  step('provision', { command: 'stores.provision_target', undo: 'stores.destroy_target', timeoutMs: 600_000 }),

  // The export into the target, from empty at each attempt. Output `{ counts }`; fails when they differ from the export's.
  step('import', { command: 'stores.import_target', timeoutMs: 600_000 }),

  // The tier that the tenant's tokens carry becomes `toTier`. Output `{}`. Undo: `tier` again.
  step('retier', { command: 'identity.set_tier', undo: 'identity.restore_tier', timeoutMs: 10_000 }),

  // Placement and tenant's tier become the target's; the old placement is kept until `destroy`. Output `{ tier }`.
  // Undo: placement and tier as they were.
  step('switch', { command: 'tenancy.switch_placement', undo: 'tenancy.switch_back', timeoutMs: 5_000 }),

  // Tenant `changing_tier → active`. Output `{}`. Undo (only when it could not be told whether it happened): `changing_tier`.
  step('resume', {
    command: 'tenancy.end_tier_change',
    undo: 'tenancy.reopen_tier_change',
    timeoutMs: 5_000,
    final: true,
  }),

  // The old stack and its credentials. Output `{}`; what is gone already is no failure.
  step('destroy', { command: 'stores.destroy_old', timeoutMs: 600_000, attempts: 5 }),

  // The export that carried the data over. Output `{}`.
  step('tidy', { command: 'stores.discard_export', timeoutMs: 60_000, optional: true }),
]);

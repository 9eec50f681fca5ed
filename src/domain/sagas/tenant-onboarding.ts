import { tenantRequested } from '../../contracts/events/tenant-events';
import { saga, step } from './saga';

/**
 * A new tenant, from the request to the first call it can make.
 *
 * `input` of every command: `{ tenantId, slug, name, tier, contact, operationId, shards? }`. `outputs` holds what the steps
 * before have answered, by step name; an undo finds its own step's output there when the step had succeeded. Outputs
 * are shown and logged: no secret goes in, only names by which the secret store knows them.
 */
export const tenantOnboarding = saga('tenant-onboarding', { startedBy: tenantRequested, result: 'activate' }, [
  // Tenant `requested → validating`, slug and tier checked. Output `{ slug }`. Fails with KLT_TENANT_SLUG_TAKEN, KLT_TIER_UNAVAILABLE.
  // Undo: tenant back to `requested`, so that a retry begins anew.
  step('reserve', { command: 'tenancy.reserve_slug', undo: 'tenancy.release_slug', timeoutMs: 5_000 }),

  // Writes the placement row by the tier and moves the tenant to `provisioning`. Output `{ stores: { postgres, mongo, redis } }`, each
  // naming its kind of isolation. Undo: the row is gone, the tenant `validating`.
  step('place', { command: 'tenancy.place', undo: 'tenancy.unplace', timeoutMs: 5_000 }),

  // Stack applied by the driver, credentials in the secret store, placement filled. Output `{ stack, secretName, shards? }`.
  // Undo: stack and secrets destroyed, whatever part of them is there.
  step('provision', { command: 'stores.provision', undo: 'stores.destroy', timeoutMs: 600_000, attempts: 3 }),

  // Output `{ applied: string[] }`, the migrations applied now. What it did goes with `stores.destroy`.
  step('migrate', { command: 'stores.migrate', timeoutMs: 60_000 }),

  // The tenant's OAuth client. Output `{ clientId }`; the secret stays in the secret store until it is shown, once.
  // Undo: the client is deleted.
  step('mint', { command: 'identity.mint', undo: 'identity.revoke', timeoutMs: 10_000 }),

  // What a new tenant's stores start with. Output `{}`.
  step('seed', { command: 'stores.seed', timeoutMs: 30_000 }),

  // Writes and reads in each store with the tenant's own credentials. Output `{ checks: { [store]: milliseconds } }`. Fails with KLT_SMOKE_TEST_FAILED.
  step('smoke', { command: 'stores.smoke_test', timeoutMs: 10_000 }),

  // Tenant `provisioning → active`, `tenant.activated`. Output `{ tenantId, slug, tier, clientId }`.
  // Undo (only when it could not be told whether it happened): tenant back to `provisioning`.
  step('activate', { command: 'tenancy.activate', undo: 'tenancy.deactivate', timeoutMs: 5_000, final: true }),

  // Tells the contact. Output `{}`.
  step('notify', { command: 'tenancy.notify', timeoutMs: 10_000, optional: true }),
]);

import { tenantOffboardingRequested } from '../../contracts/events/tenant-events';
import { saga, step } from './saga';

/**
 * A tenant leaves: its data exported, every store purged, with a certificate of what was there before and after.
 *
 * `input` of every command: `{ tenantId, slug, name, tier, contact, operationId }`; see tenant-onboarding.ts for `outputs`.
 */
export const tenantOffboarding = saga(
  'tenant-offboarding',
  { startedBy: tenantOffboardingRequested, result: 'certify' },
  [
    // Tenant `active | suspended → exporting`: its requests are refused from here on. Output `{ stateBefore }`.
    // Undo: tenant back to the state it was in (kept by the step itself: the output is missing when the step's end was not heard of).
    step('pause', { command: 'tenancy.begin_offboarding', undo: 'tenancy.abandon_offboarding', timeoutMs: 5_000 }),

    // Everything in the tenant's stores and model files to the exports bucket. Output `{ bucket, prefix, manifest: { key, sha256 }, counts: { [what]: rows } }`.
    // Undo: the export is deleted.
    step('export', { command: 'stores.export', undo: 'stores.discard_export', timeoutMs: 600_000 }),

    // Tenant `exporting → deprovisioning`, then every store and model file emptied. Output `{ before, after: { [what]: rows } }`.
    // A second attempt keeps the counts that the first one took before it deleted anything.
    step('purge', { command: 'stores.purge', timeoutMs: 600_000, attempts: 5, irreversible: true }),

    // The OAuth client deleted. Output `{}`; a client that is gone already is no failure.
    step('revoke', { command: 'identity.revoke', timeoutMs: 10_000, attempts: 5 }),

    // The stack, the credentials and the placement destroyed. Output `{ stacks: [{ tier, name, id, deletedAt }],
    // secrets: [{ name, goneAt }] }`, of what there was; what is gone already is no failure.
    step('destroy', { command: 'stores.destroy', timeoutMs: 600_000, attempts: 5 }),

    // The certificate, kept with the operation. Output: the certificate `{ tenantId, slug, export, before, after, stacks, secrets, issuedAt }`.
    step('certify', { command: 'tenancy.certify', timeoutMs: 5_000, attempts: 5 }),

    // Tenant `deprovisioning → deleted`, `tenant.deleted`; the slug is free again. Output `{}`.
    step('delete', { command: 'tenancy.delete', timeoutMs: 5_000, attempts: 5 }),

    // Tells the contact. Output `{}`.
    step('notify', { command: 'tenancy.notify', timeoutMs: 10_000, optional: true }),
  ],
);

import { KolateError } from '../../../contracts/errors';
import { tenantScopes } from '../../../contracts/scopes';
import type { IdentityDirectory } from '../../../platform/identity/identity-directory';
import type { SecretStore } from '../../../platform/secrets/secret-store';
import { secretNames } from '../secret-names';
import { clientName } from '../tenants/client-name';
import { newClientSecret } from '../tenants/client-secret';
import { createTenantStore } from '../tenants/tenant-store';
import { requireToTier } from './require-tier';
import { type Output, type StepContext, slow } from './step';

export type IdentityStepDeps = { readonly directory: IdentityDirectory; readonly secrets: SecretStore };

const nameOf = ({ tenantId, input: { slug } }: StepContext): string => clientName({ id: tenantId, slug });

/** Steps on the tenant's OAuth client. */
export function createIdentitySteps({ directory, secrets }: IdentityStepDeps) {
  const setTier = async (context: StepContext, tier: string) => {
    await unlessGone(directory.updateClient(nameOf(context), { tier }));
    return async (): Promise<Output> => ({});
  };
  return {
    'identity.mint': slow(async (context) => {
      const { tenantId, input } = context;
      const clientSecret = await keepOrMake(secrets, secretNames.client(tenantId), newClientSecret);
      const clientId = await directory.createClient({
        ...{ clientId: nameOf(context), clientSecret, tenantId },
        tier: input.tier,
        scopes: tenantScopes,
        roles: ['tenant-admin'],
      });
      return async (sql) => {
        await createTenantStore(sql).setClient(tenantId, clientId);
        return { clientId };
      };
    }),
    'identity.revoke': slow(async (context) => {
      const { tenantId } = context;
      await directory.deleteClient(nameOf(context));
      await secrets.delete(secretNames.client(tenantId));
      return async (sql) => {
        await createTenantStore(sql).setClient(tenantId, null);
        return {};
      };
    }),
    'identity.set_tier': slow((context) => setTier(context, requireToTier(context))),
    'identity.restore_tier': slow((context) => setTier(context, context.input.tier)),
  };
}

/** The secret that an earlier run of the step has made, so that a repeated step sets the same one; else a new one. */
export async function keepOrMake(
  secrets: SecretStore,
  name: string,
  make: () => string | Promise<string>,
): Promise<string> {
  try {
    return await secrets.refresh(name);
  } catch (error) {
    if (!(error instanceof KolateError && error.code === 'KLT_SECRET_NOT_FOUND')) throw error;
  }
  const value = await make();
  await secrets.put(name, value);
  return value;
}

async function unlessGone(change: Promise<void>): Promise<void> {
  try {
    await change;
  } catch (error) {
    if (!(error instanceof KolateError && error.code === 'KLT_CLIENT_NOT_FOUND')) throw error;
  }
}

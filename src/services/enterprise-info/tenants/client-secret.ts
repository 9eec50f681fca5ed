import { randomBytes } from 'node:crypto';
import { KolateError } from '../../../contracts/errors';
import type { ClientCredentials } from '../../../contracts/http/tenants';
import type { Identity } from '../../../contracts/scopes';
import type { IdentityDirectory } from '../../../platform/identity/identity-directory';
import type { Postgres } from '../../../platform/postgres/create-postgres';
import type { SecretStore } from '../../../platform/secrets/secret-store';
import { secretNames } from '../secret-names';
import { clientName } from './client-name';
import { requireVisible } from './tenant-access';
import { createTenantStore, type TenantRow } from './tenant-store';

export type ClientSecretDeps = {
  readonly core: Postgres<'core'>;
  readonly secrets: SecretStore;
  readonly directory: IdentityDirectory;
};

/** Of characters that Cognito takes: not the `-` of base64url. */
export const newClientSecret = (): string => randomBytes(32).toString('hex');

const rotateHint = 'POST …/client-secret/rotate makes a new one and ends the old one';

/** The secret of a tenant's OAuth client: shown once, by whichever of two ways comes first. */
export function createClientSecrets({ core, secrets, directory }: ClientSecretDeps) {
  /** It has been shown: nobody needs it from us any more. One that stays behind is never shown. */
  const forget = (tenantId: string): Promise<void> =>
    secrets.delete(secretNames.client(tenantId)).catch(() => undefined);

  return {
    /** @throws KolateError KLT_TENANT_NOT_FOUND, KLT_CLIENT_NOT_FOUND, KLT_SECRET_ALREADY_SHOWN */
    async reveal(identity: Identity, tenantId: string): Promise<ClientCredentials> {
      requireVisible(identity, tenantId);
      const credentials = await core.transaction(async (sql) => {
        const tenants = createTenantStore(sql);
        const tenant = await tenants.lock(tenantId);
        const clientId = requireClient(tenant);
        if (tenant.secret_shown_at !== null) {
          throw new KolateError('KLT_SECRET_ALREADY_SHOWN', `it was shown at ${tenant.secret_shown_at.toISOString()}`, {
            hint: rotateHint,
          });
        }
        const clientSecret = await secrets.get(secretNames.client(tenantId));
        await tenants.markSecretShown(tenantId);
        return { clientId, clientSecret };
      });
      await forget(tenantId);
      return credentials;
    },

    /** @throws KolateError KLT_TENANT_NOT_FOUND, KLT_CLIENT_NOT_FOUND, KLT_DEPENDENCY_UNAVAILABLE */
    async rotate(identity: Identity, tenantId: string): Promise<ClientCredentials> {
      requireVisible(identity, tenantId);
      const credentials = await core.transaction(async (sql) => {
        const tenants = createTenantStore(sql);
        const tenant = await tenants.lock(tenantId);
        const clientId = requireClient(tenant);
        const clientSecret = newClientSecret();
        await tenants.markSecretShown(tenantId);
        // Last: what comes before can be rolled back, and after it only the answer is left.
        await directory.rotateSecret(clientName(tenant), clientSecret);
        return { clientId, clientSecret };
      });
      await forget(tenantId);
      return credentials;
    },
  };
}

function requireClient({ client_id: clientId, state }: TenantRow): string {
  if (clientId !== null) return clientId;
  throw new KolateError('KLT_CLIENT_NOT_FOUND', `the tenant is ${state} and has no OAuth client`, {
    hint: 'the client is made during onboarding; look at the tenant’s operation',
  });
}

import type { SecretsManagerRotationEvent } from 'aws-lambda';
import { enginePorts, tenantHost } from '../../contracts/tenant-hosts';
import { createTenantRotation } from '../../platform/rotation/rotate-tenant-stores';
import { createSecretVersions } from '../../platform/rotation/secret-versions';

const { postgres, mongo, valkey: redis } = enginePorts;
const rotate = createTenantRotation({
  versions: createSecretVersions(),
  storesOf: (tenantId) => ({ host: tenantHost(tenantId), ports: { postgres, mongo, redis } }),
});

/** One step of the rotation of a tenant's passwords, as Secrets Manager asks for it. */
export const handler = ({ Step, SecretId, ClientRequestToken }: SecretsManagerRotationEvent): Promise<void> =>
  rotate({ step: Step, secretId: SecretId, token: ClientRequestToken });

import type { SecretsManagerRotationEvent } from 'aws-lambda';
import { findTenantStores } from '../../platform/rotation/find-tenant-stores';
import { createTenantRotation } from '../../platform/rotation/rotate-tenant-stores';
import { createSecretVersions } from '../../platform/rotation/secret-versions';
import { createCloudFormationClient } from '../../platform/tenancy/cloudformation/cloudformation-client';

const cloudFormation = createCloudFormationClient({});
const rotate = createTenantRotation({
  versions: createSecretVersions(),
  storesOf: (owner) => findTenantStores(cloudFormation, owner),
});

/** One step of the rotation of a tenant's passwords, as Secrets Manager asks for it. */
export const handler = ({ Step, SecretId, ClientRequestToken }: SecretsManagerRotationEvent): Promise<void> =>
  rotate({ step: Step, secretId: SecretId, token: ClientRequestToken });

import type { SecretsManagerRotationEvent } from 'aws-lambda';
import { createRotation } from '../../platform/rotation/rotate-secret';
import { createSecretVersions } from '../../platform/rotation/secret-versions';

const rotate = createRotation(createSecretVersions());

/** One step of a rotation, as Secrets Manager asks for it. */
export const handler = ({ Step, SecretId, ClientRequestToken }: SecretsManagerRotationEvent): Promise<void> =>
  rotate({ step: Step, secretId: SecretId, token: ClientRequestToken });

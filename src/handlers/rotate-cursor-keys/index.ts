import type { SecretsManagerRotationEvent } from 'aws-lambda';
import { createCursorKeyRotation } from '../../platform/rotation/rotate-cursor-keys';
import { createSecretVersions } from '../../platform/rotation/secret-versions';

const rotate = createCursorKeyRotation(createSecretVersions());

/** One step of the rotation of the keys of cursors, as Secrets Manager asks for it. */
export const handler = ({ Step, SecretId, ClientRequestToken }: SecretsManagerRotationEvent): Promise<void> =>
  rotate({ step: Step, secretId: SecretId, token: ClientRequestToken });

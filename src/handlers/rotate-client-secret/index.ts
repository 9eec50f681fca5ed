import type { SecretsManagerRotationEvent } from 'aws-lambda';
import { RotateClientSecretEnv } from '../../contracts/env/rotate-client-secret-env';
import { readEnv } from '../../platform/config/read-env';
import { createClientSecretRotation } from '../../platform/rotation/rotate-client-secret';
import { createSecretVersions } from '../../platform/rotation/secret-versions';

const env = readEnv(RotateClientSecretEnv, process.env);
const rotate = createClientSecretRotation({
  versions: createSecretVersions(),
  userPoolId: env.KOLATE_USER_POOL_ID,
  tokenUrl: env.KOLATE_TOKEN_URL,
});

/** One step of the rotation of an OAuth client's secret, as Secrets Manager asks for it. */
export const handler = ({ Step, SecretId, ClientRequestToken }: SecretsManagerRotationEvent): Promise<void> =>
  rotate({ step: Step, secretId: SecretId, token: ClientRequestToken });

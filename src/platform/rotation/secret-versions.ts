import {
  DescribeSecretCommand,
  GetSecretValueCommand,
  PutSecretValueCommand,
  SecretsManagerClient,
  type SecretsManagerClientConfig,
  UpdateSecretVersionStageCommand,
} from '@aws-sdk/client-secrets-manager';
import { KolateError } from '../../contracts/errors';

/** The versions of secrets by their stages: `AWSCURRENT` counts, `AWSPENDING` is being made, `AWSPREVIOUS` counted before. */
export function createSecretVersions(config: SecretsManagerClientConfig = {}) {
  const client = new SecretsManagerClient({
    maxAttempts: 4,
    requestHandler: { connectionTimeout: 2_000, requestTimeout: 5_000, throwOnRequestTimeout: true },
    ...config,
  });
  const stagesOf = async (SecretId: string) => {
    const { RotationEnabled, VersionIdsToStages = {} } = await client.send(new DescribeSecretCommand({ SecretId }));
    return { isOn: RotationEnabled === true, stages: VersionIdsToStages };
  };
  return {
    /** Undefined where no version has that stage. @param token the version's id, where it has to be that one */
    async get(SecretId: string, VersionStage: string, token?: string): Promise<string | undefined> {
      try {
        const command = new GetSecretValueCommand({ SecretId, VersionStage, VersionId: token });
        return (await client.send(command)).SecretString;
      } catch (error) {
        if (error instanceof Error && error.name === 'ResourceNotFoundException') return undefined;
        throw error;
      }
    },
    async putPending(SecretId: string, ClientRequestToken: string, SecretString: string): Promise<void> {
      const VersionStages = ['AWSPENDING'];
      await client.send(new PutSecretValueCommand({ SecretId, ClientRequestToken, SecretString, VersionStages }));
    },
    /** False when the version counts already. @throws KolateError KLT_CONFIG_INVALID when nobody is making it */
    async isRotating(secretId: string, token: string): Promise<boolean> {
      const { isOn, stages } = await stagesOf(secretId);
      if (!isOn) throw new KolateError('KLT_CONFIG_INVALID', `the secret ${secretId} is not to be rotated`);
      if (stages[token]?.includes('AWSCURRENT')) return false;
      if (stages[token]?.includes('AWSPENDING')) return true;
      throw new KolateError('KLT_CONFIG_INVALID', `the version ${token} of ${secretId} is not being made`);
    },
    async makeCurrent(SecretId: string, MoveToVersionId: string): Promise<void> {
      const { stages } = await stagesOf(SecretId);
      const RemoveFromVersionId = Object.keys(stages).find((id) => stages[id]?.includes('AWSCURRENT'));
      const VersionStage = 'AWSCURRENT';
      await client.send(
        new UpdateSecretVersionStageCommand({ SecretId, VersionStage, MoveToVersionId, RemoveFromVersionId }),
      );
    },
    close: () => client.destroy(),
  };
}

export type SecretVersions = Omit<ReturnType<typeof createSecretVersions>, 'close'>;

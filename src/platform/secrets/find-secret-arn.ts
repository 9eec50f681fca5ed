import { DescribeSecretCommand, type SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { KolateError } from '../../contracts/errors';
import { checkedSecretName, secretNotFound } from './secret-name';

/**
 * What Secrets Manager calls a secret: other services want the whole ARN, which ends with letters of its own choice.
 * @throws KolateError KLT_SECRET_NOT_FOUND, KLT_DEPENDENCY_UNAVAILABLE
 */
export async function findSecretArn(client: SecretsManagerClient, name: string): Promise<string> {
  try {
    const { ARN } = await client.send(new DescribeSecretCommand({ SecretId: checkedSecretName(name) }));
    if (ARN) return ARN;
  } catch (error) {
    if (!(error instanceof Error && error.name === 'ResourceNotFoundException')) {
      throw new KolateError('KLT_DEPENDENCY_UNAVAILABLE', 'Secrets Manager does not answer', { cause: error });
    }
  }
  throw secretNotFound(name);
}

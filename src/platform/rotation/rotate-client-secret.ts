import {
  CognitoIdentityProvider,
  type CognitoIdentityProviderClientConfig,
} from '@aws-sdk/client-cognito-identity-provider';
import { KolateError } from '../../contracts/errors';
import { createRotationSteps } from './rotation-steps';
import type { SecretVersions } from './secret-versions';

type Options = {
  readonly versions: SecretVersions;
  readonly userPoolId: string;
  /** Where the pool gives out tokens. */
  readonly tokenUrl: string;
  /** Absent on AWS. */
  readonly cognito?: CognitoIdentityProviderClientConfig;
};
/** `clientSecretId`: what Cognito calls it; absent in the value that CloudFormation wrote, of the client's first secret. */
type ClientSecret = { readonly clientId: string; readonly clientSecret: string; readonly clientSecretId?: string };

const answerMs = 5_000;

/**
 * Rotates the secret of an OAuth client of Cognito, which keeps two to a client: the one that counts and a newer or an
 * older one. The older one is let in until the next rotation begins; Cognito draws the new one.
 * @throws KolateError KLT_CONFIG_INVALID, KLT_STORE_ACCESS_DENIED; what Cognito says when it refuses
 */
export function createClientSecretRotation({ versions, userPoolId: UserPoolId, tokenUrl, cognito = {} }: Options) {
  const client = new CognitoIdentityProvider({
    maxAttempts: 4,
    requestHandler: { connectionTimeout: 2_000, requestTimeout: answerMs, throwOnRequestTimeout: true },
    ...cognito,
  });

  /** Ends all but the one that counts: that of before it, and what a rotation left behind that died. */
  const makeRoom = async (secretId: string, { clientId: ClientId, clientSecretId }: ClientSecret): Promise<void> => {
    const { ClientSecrets = [] } = await client.listUserPoolClientSecrets({ UserPoolId, ClientId });
    if (ClientSecrets.length < 2) return;
    if (!ClientSecrets.some((each) => each.ClientSecretId === clientSecretId)) {
      throw new KolateError(
        'KLT_CONFIG_INVALID',
        `${ClientId} has two secrets, and ${secretId} does not say which counts`,
        { hint: 'end the other one: delete-user-pool-client-secret' },
      );
    }
    for (const { ClientSecretId } of ClientSecrets) {
      if (ClientSecretId === clientSecretId) continue;
      await client.deleteUserPoolClientSecret({ UserPoolId, ClientId, ClientSecretId });
    }
  };

  return createRotationSteps(versions, {
    async make(text, secretId) {
      const current = parseClientSecret(secretId, text);
      await makeRoom(secretId, current);
      const { ClientSecretDescriptor: made } = await client.addUserPoolClientSecret({
        UserPoolId,
        ClientId: current.clientId,
      });
      const next = { ...current, clientSecret: made?.ClientSecretValue, clientSecretId: made?.ClientSecretId };
      return JSON.stringify(parseClientSecret(secretId, JSON.stringify(next)));
    },

    async test(text, secretId) {
      const { clientId, clientSecret } = parseClientSecret(secretId, text);
      const response = await fetch(tokenUrl, {
        method: 'POST',
        body: new URLSearchParams({
          grant_type: 'client_credentials',
          client_id: clientId,
          client_secret: clientSecret,
        }),
        signal: AbortSignal.timeout(answerMs),
      });
      await response.body?.cancel();
      if (response.ok) return;
      throw new KolateError(
        'KLT_STORE_ACCESS_DENIED',
        `${clientId} gets no token with its new secret: ${response.status}`,
      );
    },
  });
}

/** @throws KolateError KLT_CONFIG_INVALID, without the text: it is a secret */
function parseClientSecret(name: string, text: string): ClientSecret {
  try {
    const value: ClientSecret = JSON.parse(text);
    const isText = (each: unknown): boolean => typeof each === 'string' && each !== '';
    const { clientId, clientSecret, clientSecretId } = value;
    if (isText(clientId) && isText(clientSecret) && (clientSecretId === undefined || isText(clientSecretId))) {
      return value;
    }
  } catch {
    // Not JSON either.
  }
  throw new KolateError('KLT_CONFIG_INVALID', `the secret ${name} does not hold an OAuth client`);
}

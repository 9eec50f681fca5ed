import { createHash } from 'node:crypto';
import {
  CognitoIdentityProvider,
  type CognitoIdentityProviderClientConfig,
  ResourceNotFoundException,
} from '@aws-sdk/client-cognito-identity-provider';
import { KolateError } from '../../../contracts/errors';
import { cognitoScope, type Scope } from '../../../contracts/scopes';
import type { IdentityDirectory, NewClient } from '../identity-directory';
import { askAws } from './ask-aws';
import type { ClientRecord, ClientTable } from './client-table';

export type CognitoDirectoryOptions = {
  readonly userPoolId: string;
  readonly table: ClientTable;
  /** Region, endpoint and credentials, where the defaults will not do. */
  readonly aws?: CognitoIdentityProviderClientConfig;
};

/**
 * The app clients of a Cognito user pool. Cognito draws an app client's id by itself and keeps nothing about it but
 * secret and scopes; the rest is in the table of clients, which the pool's trigger reads for every token. There `disabled`
 * counts: the trigger refuses.
 */
export function createCognitoDirectory({ userPoolId, table, aws = {} }: CognitoDirectoryOptions): IdentityDirectory {
  const cognito = new CognitoIdentityProvider({
    maxAttempts: 4,
    requestHandler: { connectionTimeout: 2_000, requestTimeout: 5_000, throwOnRequestTimeout: true },
    ...aws,
  });
  const pool = { UserPoolId: userPoolId };

  const find = async (name: string): Promise<ClientRecord | undefined> => {
    const clientId = (await table.ofName(name))?.clientId;
    return clientId === undefined ? undefined : table.ofClient(clientId);
  };
  const require = async (name: string): Promise<ClientRecord> => {
    const found = await find(name);
    if (!found) throw new KolateError('KLT_CLIENT_NOT_FOUND', `there is no client ${name}`);
    return found;
  };
  /** Of the tenant, which nobody else can have from here on. */
  const claim = async (name: string, tenantId: string): Promise<string | undefined> => {
    const isOurs = await table.claimName(name, tenantId);
    const named = isOurs ? undefined : await table.ofName(name);
    if (named && named.tenantId !== tenantId) {
      throw new KolateError('KLT_CLIENT_TAKEN', `the client ${name} belongs to another tenant`);
    }
    return named?.clientId;
  };
  const make = async ({ clientId: name, clientSecret, scopes }: NewClient): Promise<string> => {
    const { UserPoolClient } = await askAws(() =>
      cognito.createUserPoolClient({ ...pool, ClientName: name, ClientSecret: clientSecret, ...settings(scopes) }),
    );
    const made = UserPoolClient?.ClientId ?? '';
    if (await table.nameClient(name, made)) return made;
    // Another run of the same step was quicker; what this one has made is in no record and gets no token.
    await askAws(() => cognito.deleteUserPoolClient({ ...pool, ClientId: made }));
    return (await table.ofName(name))?.clientId ?? '';
  };
  /** Cognito holds two at most and never less than one: room, the new one, then all others go. */
  const setSecret = async (clientId: string, secret: string): Promise<void> => {
    const client = { ...pool, ClientId: clientId };
    const list = async () => {
      const { ClientSecrets = [] } = await askAws(() => cognito.listUserPoolClientSecrets(client));
      return ClientSecrets.toSorted((a, b) => Number(a.ClientSecretCreateDate) - Number(b.ClientSecretCreateDate));
    };
    const drop = (ClientSecretId: string | undefined) =>
      askAws(() => cognito.deleteUserPoolClientSecret({ ...client, ClientSecretId }));
    const before = await list();
    const [oldest, ...rest] = before;
    if (oldest && rest.length > 0) await drop(oldest.ClientSecretId);
    const kept = rest.length > 0 ? rest : before;
    await askAws(() => cognito.addUserPoolClientSecret({ ...client, ClientSecret: secret }));
    for (const { ClientSecretId } of kept) await drop(ClientSecretId);
  };
  const setDisabled = async (name: string, disabled: boolean): Promise<void> => {
    await table.change((await require(name)).clientId, { disabled });
  };

  return {
    async createClient(client) {
      const { clientId: name, clientSecret, ...fields } = client;
      const known = await claim(name, client.tenantId);
      const clientId = known ?? (await make(client));
      const record = await table.ofClient(clientId);
      const secretHash = hashOf(clientSecret);
      if (known) {
        await askAws(() => cognito.updateUserPoolClient({ ...pool, ClientId: known, ...settings(client.scopes) }));
        if (record?.secretHash !== secretHash) await setSecret(known, clientSecret);
      }
      await table.put({ ...fields, clientId, name, disabled: record?.disabled ?? false, secretHash });
      return clientId;
    },
    async findClient(name) {
      const record = await find(name);
      if (!record) return undefined;
      const { tenantId, tier, scopes, roles, disabled } = record;
      return { clientId: name, tenantId, tier, scopes, roles, disabled };
    },
    async updateClient(name, changes) {
      const { clientId } = await require(name);
      const { scopes } = changes;
      if (scopes) {
        await askAws(() => cognito.updateUserPoolClient({ ...pool, ClientId: clientId, ...settings(scopes) }));
      }
      if (Object.keys(changes).length > 0) await table.change(clientId, changes);
    },
    async rotateSecret(name, clientSecret) {
      const { clientId } = await require(name);
      await setSecret(clientId, clientSecret);
      await table.change(clientId, { secretHash: hashOf(clientSecret) });
    },
    disableClient: (name) => setDisabled(name, true),
    enableClient: (name) => setDisabled(name, false),
    async deleteClient(name) {
      const named = await table.ofName(name);
      if (!named) return;
      if (named.clientId !== undefined) {
        await askAws(() => cognito.deleteUserPoolClient({ ...pool, ClientId: named.clientId })).catch(unlessGone);
      }
      await table.remove(name, named);
    },
  };
}

const hashOf = (secret: string): string => createHash('sha256').update(secret).digest('hex');

/** All of them at each call: Cognito resets what an update leaves out. */
const settings = (scopes: readonly Scope[]) => ({
  AllowedOAuthFlowsUserPoolClient: scopes.length > 0,
  AllowedOAuthFlows: scopes.length > 0 ? ['client_credentials' as const] : [],
  AllowedOAuthScopes: scopes.map(cognitoScope),
  ExplicitAuthFlows: ['ALLOW_REFRESH_TOKEN_AUTH' as const],
  AccessTokenValidity: 15,
  TokenValidityUnits: { AccessToken: 'minutes' as const },
  EnableTokenRevocation: true,
  PreventUserExistenceErrors: 'ENABLED' as const,
});

const unlessGone = (error: unknown): void => {
  if (!(error instanceof ResourceNotFoundException)) throw error;
};

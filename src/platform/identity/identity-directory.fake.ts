import { KolateError } from '../../contracts/errors';
import type { DirectoryClient, IdentityDirectory } from './identity-directory';

type Kept = { client: DirectoryClient; clientSecret: string };

/** In memory. `authenticates` answers what the token endpoint would. */
export function createFakeIdentityDirectory(): IdentityDirectory & {
  authenticates(clientId: string, clientSecret: string): Promise<boolean>;
} {
  const kept = new Map<string, Kept>();
  const change = (clientId: string, by: (known: Kept) => Kept): void => {
    const known = kept.get(clientId);
    if (!known) throw new KolateError('KLT_CLIENT_NOT_FOUND', `there is no client ${clientId}`);
    kept.set(clientId, by(known));
  };
  const setDisabled = (clientId: string, disabled: boolean): void =>
    change(clientId, (known) => ({ ...known, client: { ...known.client, disabled } }));
  return {
    async createClient({ clientSecret, ...client }) {
      const known = kept.get(client.clientId)?.client;
      if (known && known.tenantId !== client.tenantId) {
        throw new KolateError('KLT_CLIENT_TAKEN', `the client ${client.clientId} belongs to another tenant`);
      }
      kept.set(client.clientId, { client: { ...client, disabled: known?.disabled ?? false }, clientSecret });
      return client.clientId;
    },
    findClient: async (clientId) => kept.get(clientId)?.client,
    updateClient: async (clientId, changes) =>
      change(clientId, (known) => ({ ...known, client: { ...known.client, ...changes } })),
    rotateSecret: async (clientId, clientSecret) => change(clientId, (known) => ({ ...known, clientSecret })),
    disableClient: async (clientId) => setDisabled(clientId, true),
    enableClient: async (clientId) => setDisabled(clientId, false),
    async deleteClient(clientId) {
      kept.delete(clientId);
    },
    async authenticates(clientId, clientSecret) {
      const known = kept.get(clientId);
      return known !== undefined && !known.client.disabled && known.clientSecret === clientSecret;
    },
  };
}

import type { Role, Scope } from '../../contracts/scopes';

/** An OAuth client of a tenant, as the directory knows it; its secret is never read back. */
export type DirectoryClient = {
  /** By which the directory finds it. Cognito draws another one to ask for tokens with, which `createClient` answers. */
  readonly clientId: string;
  readonly tenantId: string;
  /** Goes into tokens; the tenant's limits go by it. */
  readonly tier: string;
  readonly scopes: readonly Scope[];
  readonly roles: readonly Role[];
  readonly disabled: boolean;
};

export type NewClient = Omit<DirectoryClient, 'disabled'> & {
  /** 32 to 64 letters, digits, `_` or `+` (what Cognito takes), made and kept by the caller's secret store, so that a repeated call sets the same. */
  readonly clientSecret: string;
};

export type ClientChanges = Partial<Pick<DirectoryClient, 'tier' | 'scopes' | 'roles'>>;

/**
 * The clients that may ask for tokens: the local issuer's, or Cognito's app clients. Every call can be repeated after
 * an answer was lost. All throw KolateError KLT_DEPENDENCY_UNAVAILABLE when the directory does not answer. Changes go
 * into tokens made from then on; tokens out already live to their `exp` (15 minutes at most).
 */
export type IdentityDirectory = {
  /**
   * Creates the client, or sets secret, tier, scopes and roles of the one that is there.
   * @returns the `client_id` that it asks for tokens with
   * @throws KLT_CLIENT_TAKEN by another tenant
   */
  createClient(client: NewClient): Promise<string>;
  /** @returns undefined where there is none */
  findClient(clientId: string): Promise<DirectoryClient | undefined>;
  /** @throws KLT_CLIENT_NOT_FOUND */
  updateClient(clientId: string, changes: ClientChanges): Promise<void>;
  /** The secret before it stops working at once. @throws KLT_CLIENT_NOT_FOUND */
  rotateSecret(clientId: string, clientSecret: string): Promise<void>;
  /** No token is made for it until it is enabled again. @throws KLT_CLIENT_NOT_FOUND */
  disableClient(clientId: string): Promise<void>;
  /** @throws KLT_CLIENT_NOT_FOUND */
  enableClient(clientId: string): Promise<void>;
  /** Also when it is gone already. */
  deleteClient(clientId: string): Promise<void>;
};

import { operatorScopes, tenantScopes } from '../src/contracts/scopes';
import { usageError } from './cli-error';
import { type Connection, connect, type Env, type GlobalOptions } from './connection';
import { type Api, createApi, type TokenSource } from './http-client';
import { sessionTokens } from './login-session';
import { learnTenantCredentials } from './tenant-credentials';
import { createClientTokens, fixedToken } from './tokens';

export type Io = {
  readonly env: Env;
  readonly stdin: NodeJS.ReadableStream & { readonly isTTY?: boolean };
  /** A line for people, on standard error. */
  readonly say: (line: string) => void;
  /** A piece of the result itself, on standard output. */
  readonly write: (text: string) => void;
  readonly isTerminal: boolean;
  /** Waits before a request is sent again; by default as long as told. */
  readonly pause?: (ms: number) => Promise<unknown>;
};

/** What a command acts with. Connections are made when asked for, so that a command which needs none works offline. */
export type Context = {
  readonly io: Io;
  readonly options: GlobalOptions;
  connection(): Promise<Connection>;
  operatorTokens(scope?: string): Promise<TokenSource>;
  /** Of the tenant named, by slug or id, else `--tenant`, KOLATE_TENANT, else the current one. */
  tenantTokens(tenant?: string, scope?: string): Promise<TokenSource>;
  /** The API as an operator. */
  operator(): Promise<Api>;
  /** The API as a tenant. */
  tenant(slugOrId?: string): Promise<Api>;
};

export function createContext(options: GlobalOptions, io: Io): Context {
  let known: Promise<Connection> | undefined;
  const connection = (): Promise<Connection> => {
    known ??= connect(options, io.env);
    return known;
  };
  const operatorTokens = async (scope = operatorScopes.join(' ')): Promise<TokenSource> => {
    const { issuer, client, operator, store, scopePrefix } = await connection();
    if (io.env.KOLATE_TOKEN) return fixedToken(io.env.KOLATE_TOKEN);
    if (client) return createClientTokens({ issuer, client, scope, scopePrefix, store });
    const { session } = await store.read();
    if (session && !session.tenantId) return sessionTokens(issuer, store, session);
    if (operator) return createClientTokens({ issuer, client: await operator(), scope, scopePrefix, store });
    throw usageError('no operator credentials', 'kolate login, or --client-id and --client-secret');
  };
  const operator = async (): Promise<Api> =>
    createApi({ url: (await connection()).url, tokens: await operatorTokens(), pause: io.pause });
  const tenantTokens = async (named?: string, scope = tenantScopes.join(' ')): Promise<TokenSource> => {
    const { issuer, client, store, scopePrefix } = await connection();
    if (io.env.KOLATE_TOKEN) return fixedToken(io.env.KOLATE_TOKEN);
    if (client) return createClientTokens({ issuer, client, scope, scopePrefix, store });
    const { session, current } = await store.read();
    const wanted = named ?? options.tenant ?? io.env.KOLATE_TENANT;
    const ofSession = session?.tenantId !== undefined && (wanted ?? session.tenantId) === session.tenantId;
    if (session && ofSession) return sessionTokens(issuer, store, session);
    const tenant = wanted ?? current;
    if (!tenant) throw usageError('which tenant?', 'name one with --tenant SLUG; kolate tenant list shows them');
    const credentials = await learnTenantCredentials(tenant, store, operator);
    if (!wanted && io.isTerminal) io.say(`as tenant ${credentials.slug} (--tenant names another)`);
    return createClientTokens({ issuer, client: credentials, scope, scopePrefix, store });
  };
  return {
    io,
    options,
    connection,
    operatorTokens,
    tenantTokens,
    operator,
    tenant: async (slugOrId) =>
      createApi({ url: (await connection()).url, tokens: await tenantTokens(slugOrId), pause: io.pause }),
  };
}

import { createHash } from 'node:crypto';
import { apiAudience } from '../src/contracts/scopes';
import { refusal, unreachable } from './cli-error';
import type { CredentialStore } from './credential-store';
import { reasonOf, type TokenSource } from './http-client';

export type OauthClient = { readonly clientId: string; readonly clientSecret: string };

type Metadata = { readonly token_endpoint: string; readonly authorization_endpoint: string };
export type TokenAnswer = {
  readonly access_token: string;
  /** Seconds. */
  readonly expires_in: number;
  readonly refresh_token?: string;
  readonly scope?: string;
};

type Fetch = typeof fetch;
const timeoutMs = 10_000;

/** @throws CliError unavailable when the issuer does not answer, refused when it says no */
async function askIssuer<T>(send: Fetch, url: string, init: RequestInit = {}): Promise<T> {
  let answer: Response;
  try {
    answer = await send(url, { ...init, signal: AbortSignal.timeout(timeoutMs) });
  } catch (error) {
    throw unreachable(`the issuer does not answer at ${new URL(url).origin}: ${reasonOf(error)}`, undefined, error);
  }
  const body: unknown = await answer.json().catch(() => undefined);
  if (!answer.ok) throw refusal(answer.status, { title: 'The issuer gave no token', ...asObject(body) });
  return body as T;
}

const asObject = (body: unknown): object => (typeof body === 'object' && body !== null ? body : {});

export const discover = (issuer: string, send: Fetch = fetch): Promise<Metadata> =>
  askIssuer(send, `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`);

/** One answer of the token endpoint. With a client, by `client_secret_basic`; without, the form carries `client_id`. */
export async function requestToken(
  issuer: string,
  form: Readonly<Record<string, string>>,
  client?: OauthClient,
  send: Fetch = fetch,
): Promise<TokenAnswer> {
  const { token_endpoint } = await discover(issuer, send);
  const headers = new Headers({ 'content-type': 'application/x-www-form-urlencoded' });
  if (client) headers.set('authorization', basic(client));
  return askIssuer<TokenAnswer>(send, token_endpoint, {
    method: 'POST',
    headers,
    body: new URLSearchParams(form).toString(),
  });
}

// RFC 6749, 2.3.1: both parts are form-encoded before they are joined.
const basic = ({ clientId, clientSecret }: OauthClient): string =>
  `Basic ${Buffer.from([clientId, clientSecret].map(encodeURIComponent).join(':')).toString('base64')}`;

type ClientTokenDeps = {
  readonly issuer: string;
  readonly client: OauthClient;
  /** Space-separated. */
  readonly scope: string;
  readonly scopePrefix: string;
  readonly store: Pick<CredentialStore, 'cachedToken' | 'cacheToken'>;
  readonly fetch?: Fetch;
};

/** Tokens of an OAuth client, by client credentials, kept until shortly before they expire. */
export function createClientTokens(deps: ClientTokenDeps): TokenSource {
  const { issuer, client, store, fetch: send } = deps;
  const scope = prefixed(deps.scope, deps.scopePrefix);
  // The secret is part of the key: after a rotation, or on another platform, the old token is not found.
  const key = createHash('sha256')
    .update(JSON.stringify([issuer, client.clientId, client.clientSecret, scope]))
    .digest('hex');
  return {
    async get() {
      const cached = await store.cachedToken(key);
      if (cached) return cached;
      // Cognito binds resources to people's tokens alone (RFC 8707).
      const resource: Readonly<Record<string, string>> = deps.scopePrefix === '' ? { resource: apiAudience } : {};
      const form = { grant_type: 'client_credentials', ...resource, scope };
      const answer = await requestToken(issuer, form, client, send);
      const expiresAt = Date.now() / 1_000 + answer.expires_in;
      await store.cacheToken(key, { token: answer.access_token, expiresAt });
      return answer.access_token;
    },
    forget: () => store.cacheToken(key, undefined),
  };
}

/** Scopes as the issuer knows them. @param scopes joined by spaces */
export const prefixed = (scopes: string, prefix: string): string =>
  scopes
    .split(' ')
    .map((scope) => prefix + scope)
    .join(' ');

/** A token that was given as it is. */
export const fixedToken = (token: string): TokenSource => ({ get: async () => token, forget: async () => undefined });

import {
  type AccessToken,
  type AdapterFactory,
  type AdapterPayload,
  type ClientCredentials,
  type Configuration,
  errors,
  type Grant,
  type KoaContextWithOIDC,
  Provider,
} from 'oidc-provider';
import { cliClientId, cliRedirectPath } from '../../src/contracts/identity-admin';
import { allScopes, apiAudience } from '../../src/contracts/scopes';
import type { IssuerState, KeptClient } from './issuer-state';
import type { Directory, Person } from './people';
import { clientSecretFits } from './secrets';

const oidcScopes = ['openid', 'offline_access'];
const day = 86_400;
const interactionSeconds = 600;

export type ProviderParts = {
  readonly issuer: string;
  readonly state: () => IssuerState;
  readonly people: Directory;
  readonly adapter: AdapterFactory;
  readonly tokenLifetimeSeconds: number;
  /** Public and private keys to publish, the one that signs ID tokens first. */
  readonly keys: readonly { readonly kid: string }[];
  /** Which of the keys signs access tokens at this moment. */
  readonly signingKeyId: () => string;
};

/**
 * An OpenID provider over `state`. It takes its keys when it is made: a change of keys makes another one, which shares
 * adapter and cookie keys, so that sign-ins under way and requests in flight do not notice.
 */
export function createProvider(parts: ProviderParts): Provider {
  const { issuer, state, people, adapter, keys, tokenLifetimeSeconds } = parts;
  const configuration: Configuration = {
    adapter,
    jwks: { keys: keys.map((key) => ({ ...key })) },
    cookies: { keys: [...state().cookieKeys] },
    scopes: oidcScopes,
    routes: { jwks: '/.well-known/jwks.json' },
    claims: { openid: ['sub', 'tenant_id', 'roles'] },
    features: {
      devInteractions: { enabled: false },
      userinfo: { enabled: false },
      rpInitiatedLogout: { enabled: false },
      clientCredentials: { enabled: true },
      revocation: { enabled: true, allowedPolicy: (_ctx, client, token) => token.clientId === client.clientId },
      resourceIndicators: resourceIndicators(parts),
    },
    ttl: {
      AccessToken: tokenLifetimeSeconds,
      ClientCredentials: tokenLifetimeSeconds,
      IdToken: tokenLifetimeSeconds,
      AuthorizationCode: 60,
      Interaction: interactionSeconds,
      Session: day,
      Grant: 14 * day,
      RefreshToken: 14 * day,
    },
    issueRefreshToken: (_ctx, client) => client.grantTypeAllowed('refresh_token'),
    expiresWithSession: () => false,
    interactions: { url: (_ctx, interaction) => `/interaction/${interaction.uid}` },
    findAccount: (_ctx, name) => {
      const person = people.find(name);
      return (
        person && {
          accountId: name,
          claims: async () => ({ sub: name, tenant_id: person.tenantId, roles: person.roles }),
        }
      );
    },
    loadExistingGrant: (ctx) => grantOf(ctx, people),
    extraTokenClaims: (_ctx, token) => claimsOf(token, state(), people),
    clientBasedCORS: () => false,
    renderError,
  };
  const provider = new Provider(issuer, configuration);
  // Only hashes are kept, so what is compared is the hash of what was sent.
  provider.Client.prototype.compareClientSecret = function (this: { clientSecret?: string }, actual: string) {
    return clientSecretFits(this.clientSecret ?? '', actual);
  };
  return provider;
}

type Features = NonNullable<Configuration['features']>;

const resourceIndicators = (parts: ProviderParts): NonNullable<Features['resourceIndicators']> => ({
  enabled: true,
  defaultResource: () => apiAudience,
  useGrantedResource: () => true,
  getResourceServerInfo(ctx, resource, client) {
    if (resource !== apiAudience) throw new errors.InvalidTarget(`tokens are made for ${apiAudience} only`);
    const allowed = allowedScopes(parts.state(), client.clientId);
    const { params } = ctx.oidc;
    // RFC 6749, 3.3: without `scope` a client gets its default, here all that it may have. This runs before the grant
    // reads the parameter; the scopes of a resource are checked nowhere else.
    if (params?.grant_type === 'client_credentials') {
      params.scope ??= allowed.join(' ');
      const refused = String(params.scope)
        .split(' ')
        .find((scope) => !allowed.includes(scope));
      if (refused !== undefined) throw new errors.InvalidScope('the client may not have this scope', refused);
    }
    return {
      scope: allowed.join(' '),
      audience: apiAudience,
      accessTokenTTL: parts.tokenLifetimeSeconds,
      accessTokenFormat: 'jwt',
      jwt: { sign: { alg: 'RS256', kid: parts.signingKeyId() } },
    };
  },
});

/** Of a client that acts for itself its own; what a person may do is decided when the person signs in. */
const allowedScopes = (state: IssuerState, clientId: string): readonly string[] =>
  clientId === cliClientId ? allScopes : (state.clients[clientId]?.scopes ?? []);

/** What an access token says beyond RFC 9068: whose it is, in which tier, in which roles. */
function claimsOf(token: AccessToken | ClientCredentials, state: IssuerState, people: Directory) {
  if (token.kind === 'ClientCredentials') {
    const client = state.clients[token.clientId ?? ''];
    return { tenant_id: client?.tenantId, tier: client?.tier, roles: client?.roles ?? [] };
  }
  const person = 'accountId' in token ? people.find(token.accountId) : undefined;
  return { tenant_id: person?.tenantId, tier: tierOf(person, state), roles: person?.roles ?? [] };
}

const tierOf = (person: Person | undefined, state: IssuerState): string | undefined =>
  person?.tenantId === undefined
    ? undefined
    : Object.values(state.clients).find(({ tenantId }) => tenantId === person.tenantId)?.tier;

/** A person's grant to our own command line: what was asked for, as far as the person has it; the rest is refused. */
async function grantOf(ctx: KoaContextWithOIDC, people: Directory): Promise<Grant | undefined> {
  const { client, session, provider, requestParamScopes } = ctx.oidc;
  const accountId = session?.accountId;
  const person = accountId === undefined ? undefined : people.find(accountId);
  if (!client || !person) return undefined;
  const grant = new provider.Grant({ clientId: client.clientId, accountId });
  const asked = [...requestParamScopes].filter((scope) => !oidcScopes.includes(scope));
  grant.addOIDCScope(oidcScopes);
  grant.addResourceScope(
    apiAudience,
    asked.filter((scope) => person.scopes.includes(scope)),
  );
  grant.rejectResourceScope(
    apiAudience,
    asked.filter((scope) => !person.scopes.includes(scope)),
  );
  await grant.save();
  return grant;
}

const renderError: Configuration['renderError'] = (ctx, out) => {
  ctx.type = 'text/plain; charset=utf-8';
  ctx.body = `${out.error}: ${out.error_description ?? 'the request could not be answered'}\n`;
};

/** OAuth metadata of a kept client, as oidc-provider reads it. A disabled client is not found. */
export function clientMetadata(client: KeptClient | undefined): AdapterPayload | undefined {
  if (!client || client.disabled) return undefined;
  return {
    client_id: client.clientId,
    client_secret: client.secretHash,
    grant_types: ['client_credentials'],
    response_types: [],
    redirect_uris: [],
  };
}

/** The command line: a public client, whose loopback redirect may have any port. */
export const cliClientMetadata: AdapterPayload = {
  client_id: cliClientId,
  application_type: 'native',
  token_endpoint_auth_method: 'none',
  grant_types: ['authorization_code', 'refresh_token'],
  response_types: ['code'],
  redirect_uris: ['127.0.0.1', 'localhost', '[::1]'].map((host) => `http://${host}${cliRedirectPath}`),
};

import { cliFixedRedirect } from '../src/contracts/identity-admin';
import { allScopes, apiAudience } from '../src/contracts/scopes';
import { prefixed } from './tokens';

/** What an issuer wants to hear from a person's login, beyond what all of them want. */
export type LoginDialect = {
  readonly scope: string;
  /** The one address that it sends people back to; absent where any port of the loopback address will do. */
  readonly redirectUri: string | undefined;
  /** Sent with the way in. */
  readonly authorization: Readonly<Record<string, string>>;
  /** Sent with the code. */
  readonly exchange: Readonly<Record<string, string>>;
};

/** As RFC 8252, RFC 8707 and OpenID Connect have it: a refresh token is asked for, and agreed to. */
const standard: LoginDialect = {
  scope: ['openid', 'offline_access', ...allScopes].join(' '),
  redirectUri: undefined,
  authorization: { resource: apiAudience, prompt: 'consent' },
  exchange: { resource: apiAudience },
};

/** Cognito knows each address beforehand, gives whoever logs in a refresh token, and refuses scopes it does not know. */
const cognito = (scopePrefix: string): LoginDialect => ({
  scope: `openid ${prefixed(allScopes.join(' '), scopePrefix)}`,
  redirectUri: cliFixedRedirect,
  authorization: {},
  exchange: {},
});

/** By what the issuer wants before our scopes, which Cognito alone does. */
export const dialectOf = (scopePrefix: string): LoginDialect => (scopePrefix === '' ? standard : cognito(scopePrefix));

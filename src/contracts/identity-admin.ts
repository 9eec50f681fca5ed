import { type Static, Type } from '@sinclair/typebox';
import { allScopes, roles } from './scopes';

/** Bodies of the local issuer's administration API, which is `IdentityDirectory` over HTTP. */
const strict = { additionalProperties: false } as const;
const tier = Type.String({ minLength: 1, maxLength: 40 });
const scopes = Type.Array(Type.Union(allScopes.map((scope) => Type.Literal(scope))), { maxItems: 32 });
const grantedRoles = Type.Array(Type.Union(roles.map((role) => Type.Literal(role))), { maxItems: 8 });
const clientSecret = Type.String({ pattern: '^[\\x21-\\x7e]{32,256}$' });

export const ClientId = Type.String({ pattern: '^[A-Za-z0-9][A-Za-z0-9._-]{0,119}$' });
export const PutClient = Type.Object(
  { tenantId: Type.String({ minLength: 1, maxLength: 64 }), tier, scopes, roles: grantedRoles, clientSecret },
  strict,
);
export type PutClient = Static<typeof PutClient>;
export const PatchClient = Type.Object(
  { tier: Type.Optional(tier), scopes: Type.Optional(scopes), roles: Type.Optional(grantedRoles) },
  strict,
);
export type PatchClient = Static<typeof PatchClient>;
export const PutSecret = Type.Object({ clientSecret }, strict);
export type PutSecret = Static<typeof PutSecret>;

/** OAuth client of `kolate login`: public, authorization code with PKCE, loopback redirect on any port. */
export const cliClientId = 'kolate-cli';
/** OAuth client of the platform's operators: client credentials. */
export const operatorClientId = 'operator';
/** Where `kolate login` listens for its code; any port of the loopback address will do (RFC 8252, 7.3). */
export const cliRedirectPath = '/callback';
/** Where it listens when the issuer wants to know the address beforehand, as Cognito does. */
export const cliFixedPort = 8_400;
/** As it is registered there, and sent: Cognito compares letter by letter, and takes plain HTTP at `localhost`. */
export const cliFixedRedirect = `http://localhost:${cliFixedPort}${cliRedirectPath}`;

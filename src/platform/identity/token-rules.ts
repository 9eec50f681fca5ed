import { KolateError } from '../../contracts/errors';
import { apiAudience } from '../../contracts/scopes';

type Claims = Readonly<Record<string, unknown>>;

/** How an issuer says in its access tokens whom they are for, and what they allow. */
export type TokenRules = {
  /** What `aud` has to hold; undefined where the issuer cannot set it. */
  readonly audience: string | undefined;
  readonly algorithms: string[];
  /** The API's scopes of a token whose signature, issuer and time are checked. @throws KolateError KLT_TOKEN_INVALID */
  scopes(claims: Claims): string[];
};

const text = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);
const words = (value: unknown): string[] => text(value)?.split(' ') ?? [];

/** RFC 9068: the audience is the API, scopes have their own names. */
const standard: TokenRules = {
  audience: apiAudience,
  algorithms: ['RS256', 'PS256', 'ES256', 'EdDSA'],
  scopes: ({ scope }) => words(scope),
};

const prefix = `${apiAudience}/`;

/**
 * Amazon Cognito signs id tokens with the same issuer, and lets nobody choose the `aud` of an access token. There, the
 * resource server that a scope belongs to stands before its name: a token with no scope of ours is for somebody else.
 */
const cognito: TokenRules = {
  audience: undefined,
  algorithms: ['RS256'],
  scopes(claims) {
    const { token_use: use, client_id: client, aud, scope } = claims;
    if (use !== 'access') throw refused('token_use');
    if (!text(client)) throw refused('client_id');
    // Absent, the client itself, or, after a request for a resource (RFC 8707), that resource.
    if (aud !== undefined && aud !== client && aud !== apiAudience) throw refused('aud');
    const ours = words(scope).filter((each) => each.startsWith(prefix));
    if (ours.length === 0) throw refused('scope');
    return ours.map((each) => each.slice(prefix.length));
  },
};

const userPool = /^https:\/\/cognito-idp\.[a-z0-9-]+\.amazonaws\.com(\.cn)?\/[\w-]+$/;

/** Whether an issuer is a user pool of Amazon Cognito. */
export const isUserPool = (issuer: string): boolean => userPool.test(issuer);

/** By who the issuer is: nothing else of a token or of the configuration can loosen them. */
export const rulesOf = (issuer: string): TokenRules => (isUserPool(issuer) ? cognito : standard);

const refused = (claim: string): KolateError =>
  new KolateError('KLT_TOKEN_INVALID', `the claim ${claim} is not as expected`);

import { createRemoteJWKSet, errors, jwtVerify } from 'jose';
import { KolateError } from '../../contracts/errors';
import type { Identity } from '../../contracts/scopes';
import { rulesOf } from './token-rules';

const maxCached = 10_000;

type Claims = { tenant_id?: unknown; tier?: unknown; roles?: unknown };

/**
 * Verifies access tokens (JWT) of one issuer: signature by its JWKS (fetched again when an unknown key turns up), `iss`,
 * `exp`, and whom it is for by the rules of that issuer: `aud` (RFC 9068), or what Cognito has in its place. A verified token is remembered whole until its `exp`, so that the next request with it
 * costs one Map lookup and is answered without a promise.
 */
export function createTokenVerifier({ issuer, jwksUri }: { issuer: string; jwksUri: string }) {
  const keys = createRemoteJWKSet(new URL(jwksUri), { cooldownDuration: 500, timeoutDuration: 3_000 });
  const known = new Map<string, Identity>();
  const { audience, algorithms, scopes } = rulesOf(issuer);

  const verify = async (token: string): Promise<Identity> => {
    try {
      const { payload } = await jwtVerify<Claims>(token, keys, {
        issuer,
        audience,
        algorithms,
        requiredClaims: ['exp', 'sub'],
      });
      const identity = toIdentity(payload, scopes(payload), payload.sub as string, payload.exp as number);
      remember(known, token, identity);
      return identity;
    } catch (error) {
      throw toTokenError(error);
    }
  };

  /** @throws KolateError KLT_TOKEN_INVALID saying which check failed, KLT_DEPENDENCY_UNAVAILABLE when no key can be had */
  return (token: string): Identity | Promise<Identity> => {
    const identity = known.get(token);
    if (identity && identity.expiresAt * 1_000 > Date.now()) return identity;
    if (identity) known.delete(token);
    return verify(token);
  };
}

const text = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);

const toIdentity = (claims: Claims, scopes: string[], subject: string, expiresAt: number): Identity => ({
  subject,
  tenantId: text(claims.tenant_id),
  tier: text(claims.tier),
  scopes: new Set(scopes),
  roles: Array.isArray(claims.roles) ? claims.roles.filter((role) => typeof role === 'string') : [],
  expiresAt,
});

function remember(known: Map<string, Identity>, token: string, identity: Identity): void {
  // A Map keeps insertion order: the oldest goes first.
  if (known.size >= maxCached) known.delete(known.keys().next().value as string);
  known.set(token, identity);
}

function toTokenError(error: unknown): KolateError {
  if (error instanceof KolateError) return error;
  if (error instanceof errors.JWTExpired)
    return new KolateError('KLT_TOKEN_INVALID', 'the token has expired', { cause: error });
  if (error instanceof errors.JWTClaimValidationFailed) {
    return new KolateError('KLT_TOKEN_INVALID', `the claim ${error.claim} is not as expected`, { cause: error });
  }
  if (
    error instanceof errors.JWKSTimeout ||
    (error instanceof errors.JOSEError && error.code === 'ERR_JOSE_GENERIC') ||
    error instanceof TypeError
  ) {
    return new KolateError('KLT_DEPENDENCY_UNAVAILABLE', 'the issuer’s keys cannot be had', {
      retryAfterSeconds: 1,
      cause: error,
    });
  }
  return new KolateError('KLT_TOKEN_INVALID', 'the token is malformed or its signature does not fit', { cause: error });
}

import { KolateError } from '../../contracts/errors';
import type { Identity } from '../../contracts/scopes';

/** @throws KolateError KLT_SCOPE_MISSING naming what is missing */
export function requireScopes(identity: Identity, scopes: readonly string[]): void {
  const missing = scopes.filter((scope) => !identity.scopes.has(scope));
  if (missing.length > 0) {
    throw new KolateError('KLT_SCOPE_MISSING', `the token lacks the scope ${missing.join(', ')}`);
  }
}

export const isOperator = (identity: Identity): boolean => identity.roles.includes('operator');

/**
 * The tenant that the token was made for.
 * @throws KolateError KLT_SCOPE_MISSING for a token without one, such as an operator's
 */
export function tenantOf(identity: Identity): string {
  if (identity.tenantId === undefined) {
    throw new KolateError('KLT_SCOPE_MISSING', 'this needs a tenant’s token; an operator’s token names no tenant');
  }
  return identity.tenantId;
}

/** The token of an `Authorization: Bearer` header. @throws KolateError KLT_TOKEN_MISSING */
export function bearerToken(authorization: string | undefined): string {
  if (authorization?.slice(0, 7).toLowerCase() === 'bearer ' && authorization.length > 7) return authorization.slice(7);
  throw new KolateError('KLT_TOKEN_MISSING', 'send an access token as Authorization: Bearer …');
}

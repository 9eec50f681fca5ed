import type { AuthorizerContext } from '../../src/contracts/authorizer-context';
import { KolateError } from '../../src/contracts/errors';
import type { Route } from '../../src/contracts/http/route';
import type { Identity } from '../../src/contracts/scopes';
import type { AuthorizerEvent, AuthorizerResult } from '../../src/handlers/authorizer/authorize-request';
import { requireScopes } from '../../src/platform/http/authorize';
import { isAllowed } from './policy';

/** As long as API Gateway keeps what an authorizer says, unless the token ends before. */
const maxKeptMs = 300_000;
const maxKept = 10_000;
const stageArn = 'arn:aws:execute-api:local:000000000000:kolate/local';

type Kept = { result: AuthorizerResult; identity: Identity; until: number; routes: Map<string, boolean> };

/** Who calls, once it is known that the token allows `route`. @throws KolateError with 401, 403 or 503 */
export type CheckCaller = (route: Route, authorization: string | undefined) => Identity | Promise<Identity>;

/** Asks the authorizer as API Gateway does: once for each token, its policy kept and applied to every route. */
export function createCallerCheck(
  authorize: (event: AuthorizerEvent) => Promise<AuthorizerResult>,
  now: () => number = Date.now,
): CheckCaller {
  const kept = new Map<string, Kept>();
  const ask = async (route: Route, authorizationToken: string): Promise<Identity> => {
    const event: AuthorizerEvent = { type: 'TOKEN', methodArn: arnOf(route), authorizationToken };
    const result = await authorize(event).catch((error: unknown) => {
      throw refusalOf(error);
    });
    const identity = identityOf(result.context);
    const until = Math.min(now() + maxKeptMs, identity.expiresAt * 1_000);
    // A Map keeps insertion order: the oldest goes first.
    if (kept.size >= maxKept) kept.delete(kept.keys().next().value as string);
    const entry: Kept = { result, identity, until, routes: new Map() };
    kept.set(authorizationToken, entry);
    return admit(entry, route);
  };
  return (route, authorization = '') => {
    const known = kept.get(authorization);
    if (known && known.until > now()) return admit(known, route);
    if (known) kept.delete(authorization);
    return ask(route, authorization);
  };
}

/** The path parameters do not matter: a policy's stars stand for any of them. */
const arnOf = ({ method, path }: Route): string => `${stageArn}/${method}${path.replace(/\{[^}]+\}/g, '-')}`;

function admit({ result, identity, routes }: Kept, route: Route): Identity {
  const allowed = routes.get(route.operationId) ?? isAllowed(result.policyDocument, arnOf(route));
  routes.set(route.operationId, allowed);
  if (allowed) return identity;
  // Names the scope; should the policy be stricter than the scopes, it is refused all the same.
  requireScopes(identity, route.scopes);
  throw new KolateError('KLT_SCOPE_MISSING', 'the token does not allow this');
}

/** API Gateway knows `Unauthorized` alone; why it was said is in the cause. */
function refusalOf(error: unknown): unknown {
  const unauthorized = error instanceof Error && error.message === 'Unauthorized';
  if (!unauthorized) return error;
  return error.cause instanceof KolateError
    ? error.cause
    : new KolateError('KLT_TOKEN_INVALID', 'the token was refused', { cause: error });
}

const words = (text: string): string[] => text.split(' ').filter((word) => word !== '');

const identityOf = ({ sub, tenantId, tier, scope, roles, exp }: AuthorizerContext): Identity => ({
  subject: sub,
  tenantId,
  tier,
  scopes: new Set(words(scope)),
  roles: words(roles),
  expiresAt: exp,
});

import type {
  APIGatewayAuthorizerWithContextResult,
  APIGatewayRequestAuthorizerEvent,
  APIGatewayTokenAuthorizerEvent,
} from 'aws-lambda';
import type { AuthorizerContext } from '../../contracts/authorizer-context';
import { KolateError } from '../../contracts/errors';
import type { Identity } from '../../contracts/scopes';
import { usageGroupOf, usageKey } from '../../contracts/usage-plans';
import { bearerToken } from '../../platform/http/authorize';
import type { VerifyToken } from '../../platform/http/register-route';
import { policyFor } from './policy-for';

/** What is read of API Gateway's events. */
export type AuthorizerEvent =
  | APIGatewayTokenAuthorizerEvent
  | Pick<APIGatewayRequestAuthorizerEvent, 'type' | 'methodArn' | 'headers'>;
export type AuthorizerResult = APIGatewayAuthorizerWithContextResult<AuthorizerContext>;

/**
 * The authorizer of API Gateway and of the gateway on one machine. Its answer is kept by token and used for every route,
 * so it names all routes that the token's scopes allow, not the one that was asked for.
 * @param usageKeysOf stack of API Gateway's usage plans; without it the answer names none
 * @throws Error `Unauthorized`, which API Gateway answers as 401, with our error as its cause; KolateError (500 there,
 * 503 here) when the issuer's keys cannot be had
 */
export const createAuthorizer =
  (verify: VerifyToken, usageKeysOf?: string) =>
  async (event: AuthorizerEvent): Promise<AuthorizerResult> => {
    try {
      const identity = await verify(bearerToken(authorizationOf(event)));
      return {
        principalId: identity.subject,
        policyDocument: policyFor(event.methodArn, identity),
        context: contextOf(identity),
        ...(usageKeysOf !== undefined && { usageIdentifierKey: usageKey(usageKeysOf, usageGroupOf(identity)) }),
      };
    } catch (error) {
      if (error instanceof KolateError && error.status !== 401) throw error;
      throw new Error('Unauthorized', { cause: error });
    }
  };

const authorizationOf = (event: AuthorizerEvent): string | undefined =>
  event.type === 'TOKEN' ? event.authorizationToken : (event.headers?.authorization ?? event.headers?.Authorization);

const contextOf = ({ tenantId, tier, scopes, roles, subject, expiresAt }: Identity): AuthorizerContext => ({
  ...(tenantId === undefined ? {} : { tenantId }),
  ...(tier === undefined ? {} : { tier }),
  ...{ scope: [...scopes].join(' '), roles: roles.join(' '), sub: subject, exp: expiresAt },
});

import type { APIGatewayAuthorizerEvent, APIGatewayAuthorizerWithContextResult, StatementEffect } from 'aws-lambda';
import type { AuthorizerContext } from '../../contracts/authorizer-context';
import { KolateError } from '../../contracts/errors';
import { allRoutes } from '../../contracts/http/all-routes';
import type { Route } from '../../contracts/http/route';
import type { Identity } from '../../contracts/scopes';
import { bearerToken } from '../../platform/http/authorize';
import type { VerifyToken } from '../../platform/http/register-route';

export type AuthorizerResult = APIGatewayAuthorizerWithContextResult<AuthorizerContext>;

/**
 * The authorizer of API Gateway and of the gateway on one machine. Its answer is kept by token and used for every route,
 * so it names all routes that the token's scopes allow, not the one that was asked for.
 * @throws Error `Unauthorized`, which API Gateway answers as 401, with our error as its cause; KolateError (500 there,
 * 503 here) when the issuer's keys cannot be had
 */
export const createAuthorizer =
  (verify: VerifyToken) =>
  async (event: APIGatewayAuthorizerEvent): Promise<AuthorizerResult> => {
    try {
      const identity = await verify(bearerToken(authorizationOf(event)));
      return {
        principalId: identity.subject,
        policyDocument: policy(event.methodArn, identity),
        context: contextOf(identity),
      };
    } catch (error) {
      if (error instanceof KolateError && error.status !== 401) throw error;
      throw new Error('Unauthorized', { cause: error });
    }
  };

const authorizationOf = (event: APIGatewayAuthorizerEvent): string | undefined =>
  event.type === 'TOKEN' ? event.authorizationToken : (event.headers?.authorization ?? event.headers?.Authorization);

function policy(methodArn: string, { scopes }: Identity): AuthorizerResult['policyDocument'] {
  const stageArn = methodArn.split('/', 2).join('/');
  const allowed = allRoutes.filter((route) => !route.public && route.scopes.every((scope) => scopes.has(scope)));
  const statement = (Effect: StatementEffect, Resource: string[]) => ({
    Action: 'execute-api:Invoke',
    Effect,
    Resource,
  });
  const arnOf = ({ method, path }: Route): string => `${stageArn}/${method}${path.replace(/\{[^}]+\}/g, '*')}`;
  const statements =
    allowed.length > 0 ? [statement('Allow', allowed.map(arnOf))] : [statement('Deny', [`${stageArn}/*`])];
  return { Version: '2012-10-17', Statement: statements };
}

const contextOf = ({ tenantId, tier, scopes, roles, subject, expiresAt }: Identity): AuthorizerContext => ({
  ...(tenantId === undefined ? {} : { tenantId }),
  ...(tier === undefined ? {} : { tier }),
  ...{ scope: [...scopes].join(' '), roles: roles.join(' '), sub: subject, exp: expiresAt },
});

import type { PolicyDocument, StatementEffect } from 'aws-lambda';
import { allRoutes } from '../../contracts/http/all-routes';
import type { Route } from '../../contracts/http/route';
import type { Identity } from '../../contracts/scopes';

/** An IAM policy that allows every route of the contracts for which the token has all scopes; public ones need none. */
export function policyFor(methodArn: string, { scopes }: Identity): PolicyDocument {
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

import { isAllowed } from '../../../local/gateway/policy';
import { KolateError } from '../../../src/contracts/errors';
import { allRoutes } from '../../../src/contracts/http/all-routes';
import { allScopes, type Identity, operatorScopes, tenantScopes } from '../../../src/contracts/scopes';
import { type AuthorizerEvent, createAuthorizer } from '../../../src/handlers/authorizer/authorize-request';

const stage = 'arn:aws:execute-api:eu-central-1:123456789012:abcdefghij/prod';
const tokenEvent = (authorizationToken: string): AuthorizerEvent => ({
  type: 'TOKEN',
  methodArn: `${stage}/GET/v1/tenants`,
  authorizationToken,
});
const identity = (scopes: readonly string[], more: Partial<Identity> = {}): Identity => ({
  subject: 'pears',
  tenantId: 'tenant-1',
  tier: 'pool',
  scopes: new Set(scopes),
  roles: ['tenant-admin', 'tenant-service'],
  expiresAt: 4_000_000_000,
  ...more,
});
const authorize = (scopes: readonly string[], more?: Partial<Identity>) =>
  createAuthorizer(() => identity(scopes, more))(tokenEvent('Bearer any'));

describe('the authorizer', () => {
  it('hands on what the token says, as texts', async () => {
    expect((await authorize(['models:read', 'models:write'])).context).toEqual({
      tenantId: 'tenant-1',
      tier: 'pool',
      scope: 'models:read models:write',
      roles: 'tenant-admin tenant-service',
      sub: 'pears',
      exp: 4_000_000_000,
    });
    expect((await authorize([], { tenantId: undefined, tier: undefined })).context).not.toHaveProperty('tenantId');
  });

  it('allows every route of the scopes and no other, since the answer is kept for all routes', async () => {
    const sets = [[], ...allScopes.map((scope) => [scope]), operatorScopes, tenantScopes];
    for (const scopes of sets) {
      const { policyDocument } = await authorize(scopes);
      for (const route of allRoutes.filter((one) => !one.public)) {
        const arn = `${stage}/${route.method}${route.path.replace(/\{[^}]+\}/g, 'a-name.1')}`;
        const expected = route.scopes.every((scope) => [...scopes].includes(scope));
        expect([route.operationId, scopes, isAllowed(policyDocument, arn)]).toEqual([
          route.operationId,
          scopes,
          expected,
        ]);
      }
    }
  });

  it('stays within the size that API Gateway takes of a policy', async () => {
    expect(JSON.stringify((await authorize(allScopes)).policyDocument).length).toBeLessThan(8_192);
  });

  it('names the usage plan of the caller’s tier where there are plans', async () => {
    const keyOf = async (more: Partial<Identity>) =>
      (await createAuthorizer(() => identity([], more), 'kolate-dev-api')(tokenEvent('Bearer any'))).usageIdentifierKey;
    expect(await keyOf({ tier: 'dedicated' })).toBe('kolate-dev-api-usage-plan-dedicated');
    expect(await keyOf({ tier: 'of-old' })).toBe('kolate-dev-api-usage-plan-other');
    expect(await keyOf({ tenantId: undefined })).toBe('kolate-dev-api-usage-plan-operator');
    expect(await authorize([])).not.toHaveProperty('usageIdentifierKey');
  });

  it('reads the token of a REQUEST event as well', async () => {
    const seen: string[] = [];
    const verify = (token: string) => {
      seen.push(token);
      return identity([]);
    };
    const headers = { Authorization: 'Bearer abc' };
    await createAuthorizer(verify)({ type: 'REQUEST', methodArn: `${stage}/GET/`, headers });
    expect(seen).toEqual(['abc']);
  });

  it.each([
    ['no token', ''],
    ['another scheme', 'Basic abc'],
    ['a token that is not valid', 'Bearer bad'],
  ])('says exactly Unauthorized to %s, and why in the cause', async (_what, authorization) => {
    const verify = () => {
      throw new KolateError('KLT_TOKEN_INVALID', 'the token has expired');
    };
    await expect(createAuthorizer(verify)(tokenEvent(authorization))).rejects.toMatchObject({
      message: 'Unauthorized',
      cause: { status: 401 },
    });
  });

  it('does not call a token bad when the keys cannot be had', async () => {
    const verify = () => Promise.reject(new KolateError('KLT_DEPENDENCY_UNAVAILABLE', 'no keys'));
    await expect(createAuthorizer(verify)(tokenEvent('Bearer any'))).rejects.toMatchObject({
      code: 'KLT_DEPENDENCY_UNAVAILABLE',
    });
  });
});

describe('a policy', () => {
  const policy = (Effect: 'Allow' | 'Deny', ...Resource: string[]) => ({
    Action: 'execute-api:Invoke',
    Effect,
    Resource,
  });
  const allows = (arn: string, ...Statement: ReturnType<typeof policy>[]) =>
    isAllowed({ Version: '2012-10-17', Statement }, arn);

  it('matches a star with any text between what stands around it', () => {
    expect(allows('a/b/c', policy('Allow', 'a/*/c'))).toBe(true);
    expect(allows('a/c', policy('Allow', 'a/*/c'))).toBe(false);
    expect(allows('a/b/c/d', policy('Allow', 'a/*/c'))).toBe(false);
    expect(allows('a/b/x/c/y/c', policy('Allow', 'a/*/c'))).toBe(true);
    expect(allows('ab', policy('Allow', 'ab*b'))).toBe(false);
  });

  it('denies what nothing allows and what something denies', () => {
    expect(allows('a')).toBe(false);
    expect(allows('a', policy('Allow', '*'), policy('Deny', 'a'))).toBe(false);
    expect(allows('b', policy('Allow', '*'), policy('Deny', 'a'))).toBe(true);
  });
});

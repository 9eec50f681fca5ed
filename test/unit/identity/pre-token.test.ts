import { createPreToken } from '../../../src/handlers/pre-token/pre-token';
import type { PreTokenEvent } from '../../../src/handlers/pre-token/pre-token-event';
import type { ClientRecord } from '../../../src/platform/identity/cognito/client-table';

const record: ClientRecord = {
  clientId: 'client-1',
  name: 'acme-1',
  tenantId: 'tenant-1',
  tier: 'pool',
  scopes: ['models:read'],
  roles: ['tenant-admin'],
  disabled: false,
  secretHash: '',
};
const everything = ['tenants:read', 'tenants:write', 'operations:write', 'models:write', 'predictions:write'];
const granted = ['openid', 'aws.cognito.signin.user.admin', ...everything.map((each) => `https://api.kolate/${each}`)];

const signIn = (attributes: Record<string, string>, groups: string[]): PreTokenEvent => ({
  version: '3',
  triggerSource: 'TokenGeneration_HostedAuth',
  callerContext: { clientId: 'console' },
  request: { userAttributes: attributes, groupConfiguration: { groupsToOverride: groups }, scopes: granted },
  response: { claimsAndScopeOverrideDetails: null },
});

async function ask(event: PreTokenEvent, tenant: ClientRecord | undefined = record) {
  const handler = createPreToken({
    clients: { ofClient: async () => undefined, ofTenant: async (id) => (id === 'tenant-1' ? tenant : undefined) },
    isOperatorClient: async () => false,
  });
  const details = (await handler(event)).response.claimsAndScopeOverrideDetails?.accessTokenGeneration;
  const left = granted.filter((scope) => !details?.scopesToSuppress?.includes(scope));
  return { claims: details?.claimsToAddOrOverride, left };
}

describe('the token of a person', () => {
  it('of a tenant says which tenant and keeps the scopes that its role allows', async () => {
    const { claims, left } = await ask(signIn({ 'custom:tenant_id': 'tenant-1' }, ['tenant-admin', 'readers']));
    expect(claims).toEqual({ tenant_id: 'tenant-1', tier: 'pool', roles: ['tenant-admin'] });
    expect(left).toEqual([
      ...['openid', 'aws.cognito.signin.user.admin', 'https://api.kolate/tenants:read'],
      ...['https://api.kolate/models:write', 'https://api.kolate/predictions:write'],
    ]);
  });

  it('who operates the platform names no tenant, whatever the attributes say', async () => {
    const { claims, left } = await ask(signIn({ 'custom:tenant_id': 'tenant-1' }, ['operator', 'tenant-admin']));
    expect(claims).toEqual({ roles: ['operator'] });
    expect(left.filter((scope) => scope.startsWith('https://'))).toEqual([
      ...['https://api.kolate/tenants:read', 'https://api.kolate/tenants:write', 'https://api.kolate/operations:write'],
    ]);
  });

  it.each([
    ['without a tenant and a role', {}, []],
    ['without a tenant', {}, ['tenant-admin']],
    ['without a role', { 'custom:tenant_id': 'tenant-1' }, []],
  ])('%s allows nothing of ours', async (_who, attributes, groups) => {
    const { left } = await ask(signIn(attributes, groups));
    expect(left).toEqual(['openid', 'aws.cognito.signin.user.admin']);
  });

  it('is not made while the tenant is suspended, or when it is gone', async () => {
    const member = signIn({ 'custom:tenant_id': 'tenant-1' }, ['tenant-admin']);
    await expect(ask(member, { ...record, disabled: true })).rejects.toThrow('the tenant is not active');
    const former = signIn({ 'custom:tenant_id': 'tenant-0' }, ['tenant-admin']);
    await expect(ask(former)).rejects.toThrow('the tenant is not active');
  });
});

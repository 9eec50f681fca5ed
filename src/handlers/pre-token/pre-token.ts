import {
  apiAudience,
  cognitoScope,
  roles as knownRoles,
  operatorScopes,
  type Role,
  tenantScopes,
} from '../../contracts/scopes';
import type { ClientRecord, ClientTable } from '../../platform/identity/cognito/client-table';
import type { PreTokenEvent } from './pre-token-event';

type Deps = {
  readonly clients: Pick<ClientTable, 'ofClient' | 'ofTenant'>;
  readonly isOperatorClient: (clientId: string) => Promise<boolean>;
};
type Holder = Partial<Pick<ClientRecord, 'tenantId' | 'tier'>> & { readonly roles: readonly Role[] };

/** What the holder of a role may do, as Cognito writes it. */
const scopesOf = (role: Role): string[] =>
  (role === 'operator' ? operatorScopes : tenantScopes).map((scope) => cognitoScope(scope));
const allOfOurs = `${apiAudience}/`;

/**
 * Cognito's pre token generation trigger (V3, which client credentials need): says in the access token which tenant,
 * tier and roles it is for, and takes out scopes of ours that no role of the holder allows: Cognito grants a person
 * whatever the app client may ask for.
 * @throws Error when there shall be no token; Cognito answers the request with 400 and its text
 */
export const createPreToken =
  (deps: Deps) =>
  async (event: PreTokenEvent): Promise<PreTokenEvent> => {
    const isMachine = event.triggerSource === 'TokenGeneration_ClientCredentials';
    const { tenantId, tier, roles } = isMachine ? await machine(deps, event) : await person(deps, event);
    const allowed = new Set(roles.flatMap(scopesOf));
    const granted = event.request.scopes ?? [];
    const claims = { roles, ...(tenantId === undefined ? {} : { tenant_id: tenantId, tier }) };
    const accessTokenGeneration = {
      claimsToAddOrOverride: claims,
      scopesToSuppress: granted.filter((scope) => scope.startsWith(allOfOurs) && !allowed.has(scope)),
    };
    return { ...event, response: { claimsAndScopeOverrideDetails: { accessTokenGeneration } } };
  };

async function machine({ clients, isOperatorClient }: Deps, event: PreTokenEvent): Promise<Holder> {
  const { clientId } = event.callerContext;
  const record = await clients.ofClient(clientId);
  if (record?.disabled) throw new Error('the client is disabled');
  if (record) return record;
  if (await isOperatorClient(clientId)) return { roles: ['operator'] };
  throw new Error('the client is not known');
}

/** Roles are groups of the pool; whoever operates the platform belongs to no tenant. */
async function person({ clients }: Deps, { request }: PreTokenEvent): Promise<Holder> {
  const groups = request.groupConfiguration.groupsToOverride ?? [];
  if (groups.includes('operator')) return { roles: ['operator'] };
  const tenantId = request.userAttributes['custom:tenant_id'];
  if (!tenantId) return { roles: [] };
  const tenant = await clients.ofTenant(tenantId);
  if (!tenant || tenant.disabled) throw new Error('the tenant is not active');
  return { tenantId, tier: tenant.tier, roles: knownRoles.filter((role) => groups.includes(role)) };
}

import { type Static, Type } from '@sinclair/typebox';
import { commonProblems, ListQuery, Page, Problem, strict, Timestamp, Uuid } from './common';
import { OperationAccepted, Plan } from './operations';
import { route } from './route';

export const tenantStates = [
  'requested',
  'validating',
  'provisioning',
  'active',
  'suspended',
  'changing_tier',
  'exporting',
  'deprovisioning',
  'deleted',
] as const;
export type TenantState = (typeof tenantStates)[number];

export const tierNames = ['pool', 'shared-cell', 'dedicated'] as const;
export type TierName = (typeof tierNames)[number];

export const Slug = Type.String({
  pattern: '^[a-z][a-z0-9-]{1,38}[a-z0-9]$',
  description: '3 to 40 of a-z, 0-9 and -, starting with a letter',
});
const TierNameSchema = Type.String({ minLength: 1, maxLength: 40, description: 'a name that GET /v1/tiers lists' });
const Contact = Type.String({ format: 'email', maxLength: 254 });
const Name = Type.String({ minLength: 1, maxLength: 120 });

/** PostgreSQL databases of one tenant, each an engine of its own. */
export const maxShards = 16;
const ShardCount = Type.Integer({
  minimum: 1,
  maximum: maxShards,
  description:
    'PostgreSQL databases that what is large is spread over; 1 when absent, more where the tier has maxShards',
});

export const CreateTenant = Type.Object(
  { slug: Slug, name: Name, tier: TierNameSchema, contact: Contact, shards: Type.Optional(ShardCount) },
  strict,
);
export type CreateTenant = Static<typeof CreateTenant>;

export const UpdateTenant = Type.Object(
  { name: Type.Optional(Name), contact: Type.Optional(Contact) },
  { ...strict, minProperties: 1 },
);
export type UpdateTenant = Static<typeof UpdateTenant>;

export const ChangeTier = Type.Object({ tier: TierNameSchema }, strict);
export type ChangeTier = Static<typeof ChangeTier>;

export const Tenant = Type.Object({
  id: Uuid,
  slug: Slug,
  name: Type.String(),
  tier: Type.String(),
  contact: Type.String(),
  state: Type.Union(tenantStates.map((state) => Type.Literal(state))),
  clientId: Type.Optional(Type.String({ description: 'OAuth client of the tenant, once minted' })),
  currentOperationId: Type.Optional(Uuid),
  createdAt: Timestamp,
  updatedAt: Timestamp,
  version: Type.Integer({ description: 'its ETag is this number in quotes' }),
});
export type Tenant = Static<typeof Tenant>;

export const ClientCredentials = Type.Object({ clientId: Type.String(), clientSecret: Type.String() });
export type ClientCredentials = Static<typeof ClientCredentials>;

export const TenantParams = Type.Object({ tenantId: Uuid }, strict);
const DryRun = Type.Object({ dryRun: Type.Optional(Type.Boolean({ default: false })) }, strict);

const common = { service: 'enterprise-info', throttle: 'control' } as const;
const asOperation = { 200: Plan, 202: OperationAccepted, 409: Problem, ...commonProblems } as const;

export const createTenant = route({
  ...common,
  operationId: 'createTenant',
  summary: 'Onboard a tenant',
  method: 'POST',
  path: '/v1/tenants',
  scopes: ['tenants:write'],
  idempotent: true,
  query: DryRun,
  body: CreateTenant,
  responses: asOperation,
});

export const listTenants = route({
  ...common,
  operationId: 'listTenants',
  summary: 'List tenants; filter and sort by slug, name, tier, state, createdAt',
  method: 'GET',
  path: '/v1/tenants',
  scopes: ['tenants:read'],
  query: ListQuery,
  responses: { 200: Page(Tenant), ...commonProblems },
});

export const getTenant = route({
  ...common,
  operationId: 'getTenant',
  summary: 'Show a tenant, by id',
  method: 'GET',
  path: '/v1/tenants/{tenantId}',
  scopes: ['tenants:read'],
  params: TenantParams,
  responses: { 200: Tenant, ...commonProblems },
});

export const updateTenant = route({
  ...common,
  operationId: 'updateTenant',
  summary: 'Change name or contact',
  method: 'PATCH',
  path: '/v1/tenants/{tenantId}',
  scopes: ['tenants:write'],
  conditional: true,
  params: TenantParams,
  body: UpdateTenant,
  responses: { 200: Tenant, 409: Problem, 412: Problem, 428: Problem, ...commonProblems },
});

export const suspendTenant = route({
  ...common,
  operationId: 'suspendTenant',
  summary: 'Refuse the tenant’s requests until it is resumed; its data stay',
  method: 'POST',
  path: '/v1/tenants/{tenantId}/suspend',
  scopes: ['tenants:write'],
  idempotent: true,
  params: TenantParams,
  responses: { 200: Tenant, 409: Problem, ...commonProblems },
});

export const resumeTenant = route({
  ...common,
  operationId: 'resumeTenant',
  summary: 'Serve a suspended tenant again',
  method: 'POST',
  path: '/v1/tenants/{tenantId}/resume',
  scopes: ['tenants:write'],
  idempotent: true,
  params: TenantParams,
  responses: { 200: Tenant, 409: Problem, ...commonProblems },
});

export const changeTier = route({
  ...common,
  operationId: 'changeTenantTier',
  summary: 'Move a tenant to another tier; it is paused while its data move',
  method: 'POST',
  path: '/v1/tenants/{tenantId}/change-tier',
  scopes: ['tenants:write'],
  idempotent: true,
  params: TenantParams,
  query: DryRun,
  body: ChangeTier,
  responses: asOperation,
});

export const deleteTenant = route({
  ...common,
  operationId: 'deleteTenant',
  summary: 'Offboard: export, purge every store, certificate',
  method: 'DELETE',
  path: '/v1/tenants/{tenantId}',
  scopes: ['tenants:write'],
  params: TenantParams,
  query: DryRun,
  responses: asOperation,
});

export const revealClientSecret = route({
  ...common,
  operationId: 'revealClientSecret',
  summary: 'Show the secret of the tenant’s OAuth client: answers once, then 409',
  method: 'POST',
  path: '/v1/tenants/{tenantId}/client-secret',
  scopes: ['tenants:write'],
  params: TenantParams,
  responses: { 200: ClientCredentials, 409: Problem, ...commonProblems },
});

export const rotateClientSecret = route({
  ...common,
  operationId: 'rotateClientSecret',
  summary: 'Replace the secret of the tenant’s OAuth client and show the new one, once',
  method: 'POST',
  path: '/v1/tenants/{tenantId}/client-secret/rotate',
  scopes: ['tenants:write'],
  params: TenantParams,
  responses: { 200: ClientCredentials, 409: Problem, ...commonProblems },
});

export const Tier = Type.Object({
  name: Type.String(),
  description: Type.String(),
  available: Type.Boolean({ description: 'whether this installation can provide it' }),
  maxShards: Type.Integer({ description: 'how many PostgreSQL shards a tenant may have' }),
  isolation: Type.Object({ postgres: Type.String(), mongo: Type.String(), redis: Type.String() }),
  ratePerSecond: Type.Integer(),
  burst: Type.Integer(),
  dailyQuota: Type.Integer(),
  retentionDays: Type.Integer(),
  backup: Type.String(),
  priceBook: Type.String(),
});
export type Tier = Static<typeof Tier>;

export const listTiers = route({
  ...common,
  operationId: 'listTiers',
  summary: 'The tiers, with what each isolates and allows',
  method: 'GET',
  path: '/v1/tiers',
  scopes: ['tenants:read'],
  responses: { 200: Type.Object({ items: Type.Array(Tier) }), ...commonProblems },
});

import { type Static, Type } from '@sinclair/typebox';

/** Which driver provisions tenants’ stores; each has variables of its own. */
export const tenantDriver = {
  KOLATE_TENANT_DRIVER: Type.Union([Type.Literal('agent'), Type.Literal('cloudformation')], {
    description: 'who provisions tenants’ stores: the agent of one machine, or CloudFormation',
  }),
};

export const AgentDriverEnv = Type.Object({
  KOLATE_STACK_AGENT_URL: Type.String({ format: 'uri' }),
  KOLATE_STACK_AGENT_TOKEN: Type.String({ minLength: 16 }),
});
export type AgentDriverEnv = Static<typeof AgentDriverEnv>;

/** The SDK finds region, endpoint and credentials by its own variables. */
export const CloudFormationDriverEnv = Type.Object({
  KOLATE_TENANT_TEMPLATE_URL: Type.String({ format: 'uri', description: 'of the published template, in S3' }),
  KOLATE_PROVISIONING_ROLE_ARN: Type.Optional(
    Type.String({ description: 'what CloudFormation acts as; absent: with the rights of the service' }),
  ),
  KOLATE_SHARED_CELLS: Type.String({ default: '[]', description: 'the shared cells, as JSON of CellSpecs' }),
  KOLATE_TIER_PLANS: Type.String({
    default: '[]',
    description: 'what one more tenant of each tier brings and costs, as JSON of TierPlans',
  }),
  KOLATE_ENV: Type.String({ description: 'name of the environment, which what is made for tenants is tagged with' }),
  KOLATE_POOL_POSTGRES: Type.String({ description: 'postgresql://host:port/database that the pool’s are made from' }),
  KOLATE_POOL_POSTGRES_SECRET: Type.String({ description: 'ARN; of who makes roles and databases' }),
  KOLATE_POOL_DOCUMENTS: Type.String({ description: 'mongodb://host:port that tenants of the pool share' }),
  KOLATE_POOL_DOCUMENTS_SECRET: Type.String({ description: 'ARN; of who makes users' }),
  KOLATE_POOL_CACHE: Type.String({ description: 'rediss://host:port that tenants of the pool share' }),
  KOLATE_POOL_CACHE_GROUP: Type.String({ description: 'of users that ElastiCache lets in' }),
});
export type CloudFormationDriverEnv = Static<typeof CloudFormationDriverEnv>;

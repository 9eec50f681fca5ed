import { tierMembers } from './tenant-hosts';

/** The tiers whose tenants have a stack of their own. */
export const stackTiers = ['shared-cell', 'dedicated'] as const;
export type StackTier = (typeof stackTiers)[number];

/**
 * What an AWS account gives out, as far as tenants use it up: the default of the quota, what the platform itself takes,
 * and what one tenant of a tier takes. `code` is that of Service Quotas; raise `limit` once AWS has.
 */
export type AccountQuota = {
  readonly name: string;
  readonly code: string;
  readonly limit: number;
  readonly platform: number;
  readonly perTenant: Readonly<Partial<Record<StackTier, number>>>;
  /** What one host of a shared cell takes, whoever is on it. */
  readonly perSharedHost: number;
};

const quota = (name: string, code: string, limit: number, platform: number): AccountQuota => ({
  ...{ name, code, limit, platform },
  perTenant: { 'shared-cell': 1, dedicated: 1 },
  perSharedHost: 0,
});

export const accountQuotas: readonly AccountQuota[] = [
  quota('CloudFormation stacks', 'L-0485CB21', 2_000, 40),
  quota('IAM roles', 'L-FE177D64', 1_000, 120),
  quota('Security groups of a region', 'L-E79EC296', 2_500, 60),
  // A task has one, and so has a host.
  {
    ...quota('Network interfaces of a region', 'L-DF5E4CA3', 5_000, 400),
    ...{ perTenant: { ...tierMembers, dedicated: 2 * tierMembers.dedicated }, perSharedHost: 2 },
  },
  // Each member is one instance of a service of its own, so the 1,000 instances of one service are never met.
  { ...quota('Cloud Map instances of the namespace', 'L-0FE3F50E', 2_000, 0), perTenant: tierMembers },
  // A host is a group of one, and each member of a dedicated tenant has a host.
  {
    ...quota('Auto Scaling groups', 'L-CDE20ADC', 500, 0),
    ...{ perTenant: { dedicated: tierMembers.dedicated }, perSharedHost: 1 },
  },
];

/** What a type of host has; `tasks` is how many tasks with an interface of their own ECS lets it run. */
export type HostShape = { readonly memoryMib: number; readonly tasks: number };

/**
 * The types that cells are made of. Figures are those of ECS with trunking, which `kolate preflight aws` asks for; without
 * it m7g and r7g run 2, 3, 3 and 7 (large to 4xlarge). t4g does not have it.
 */
export const hostShapes: Readonly<Record<string, HostShape>> = {
  't4g.medium': { memoryMib: 4_096, tasks: 2 },
  't4g.large': { memoryMib: 8_192, tasks: 2 },
  'm7g.large': { memoryMib: 8_192, tasks: 10 },
  'm7g.xlarge': { memoryMib: 16_384, tasks: 20 },
  'm7g.2xlarge': { memoryMib: 32_768, tasks: 40 },
  'm7g.4xlarge': { memoryMib: 65_536, tasks: 60 },
  'r7g.xlarge': { memoryMib: 32_768, tasks: 20 },
  'r7g.2xlarge': { memoryMib: 65_536, tasks: 40 },
  'r7g.4xlarge': { memoryMib: 131_072, tasks: 60 },
};

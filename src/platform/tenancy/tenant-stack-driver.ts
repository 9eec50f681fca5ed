import { KolateError } from '../../contracts/errors';
import type { TierPlan } from '../../contracts/tier-plan';
import type { StackEndpoints } from './placement';
import type { StackCredentials } from './stack-credentials';

/** The stores of one tenant as one unit, which is made, described and destroyed whole. */
export type StackSpec = {
  /** 1 to 63 of `a-z 0-9 -`. */
  readonly name: string;
  readonly tenantId: string;
  /** A tier by which the driver knows what to build. */
  readonly tier: string;
  /** How many PostgreSQL databases, each an engine of its own, hold what is large (1). */
  readonly shards?: number;
  /** The host of a shared cell that it is pinned to. @default - none: a host of its own, or what the machine has */
  readonly place?: {
    readonly cellId: string;
    readonly slot: number;
    /** What it may store there. @default - what the tier gives */
    readonly diskGib?: number;
  };
  /** What the stores' users are let in with. CloudFormation resolves them from the secret store instead. */
  readonly credentials: StackCredentials;
  /** The same token is the same request: asked again after a lost answer, it does nothing again. */
  readonly requestToken: string;
};

export type Stack = {
  readonly name: string;
  readonly tenantId: string;
  readonly tier: string;
  readonly endpoints: StackEndpoints;
};

/** What a stack that is gone is proved by. */
export type Removal = {
  /** By which whoever made it knows it: CloudFormation's id, or its name. */
  readonly id: string;
  /** ISO 8601. */
  readonly deletedAt: string;
};

/**
 * Provisions tenants' stores: processes of one machine, or CloudFormation stacks. Every call can be repeated. All throw
 * KolateError KLT_DEPENDENCY_UNAVAILABLE when the driver does not answer.
 */
export type TenantStackDriver = {
  /**
   * Makes the stack, or what is missing of it, and waits until its stores answer. Another token for a stack that is there
   * sets its users' passwords anew and keeps its data.
   * @throws KLT_PROVISION_FAILED; what was made by then stays, for the next `apply` or `destroy`
   * @throws KLT_TIER_UNAVAILABLE for a tier that this driver cannot build, or not with so many shards
   */
  apply(spec: StackSpec, signal?: AbortSignal): Promise<Stack>;
  /** Undefined when there is none, or when it was never completed. */
  describe(name: string): Promise<Stack | undefined>;
  /** Whatever part of it is there, with its data. Undefined when there was none, or when it was gone already. */
  destroy(name: string, signal?: AbortSignal): Promise<Removal | undefined>;
};

/**
 * What one more tenant of the tier would bring; makes nothing. Undefined where nobody has written it down.
 * @throws KolateError KLT_TIER_UNAVAILABLE as `apply`
 */
export type PlanTier = (tier: string, shards?: number) => Promise<TierPlan | undefined>;

export const tierUnavailable = (tier: string): KolateError =>
  new KolateError('KLT_TIER_UNAVAILABLE', `this driver cannot build the tier "${tier}"`);

export const shardsUnavailable = (tier: string, shards: number): KolateError =>
  new KolateError('KLT_TIER_UNAVAILABLE', `this driver cannot build the tier "${tier}" with ${shards} shards`, {
    hint: 'onboard the tenant with one shard',
  });

import type { PlannedResource } from '../../src/contracts/tier-plan';
import type { StackEndpoints } from '../../src/platform/tenancy/placement';
import type { StackCredentials } from '../../src/platform/tenancy/stack-credentials';
import type { DedicatedEngines, StackRecord } from './stack-record';

export type Wanted = { readonly tier: string; readonly shards: number };

/** Builds the stacks of one tier. Every call can be repeated. */
export type StackBuilder = {
  /** What `build` would make, before anything is. @throws as `plan` */
  resources(wanted: Wanted): readonly PlannedResource[];
  /**
   * What has to be remembered before anything is built, taken over from an earlier try where there is one.
   * @throws KolateError KLT_TIER_UNAVAILABLE when it cannot build so many shards
   */
  plan(known: StackRecord | undefined, wanted: Wanted): Promise<DedicatedEngines | undefined>;
  build(record: StackRecord, credentials: StackCredentials): Promise<StackEndpoints>;
  /** Starts again what a ready stack consists of. @returns the record as it is from now on: a port may have been taken */
  restore(record: StackRecord): Promise<StackRecord>;
  destroy(record: StackRecord): Promise<void>;
};

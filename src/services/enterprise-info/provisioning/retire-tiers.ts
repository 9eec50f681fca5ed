import { secretNames } from '../secret-names';
import { stackName } from './placement-store';
import type { StepContext } from './step';
import { remembered } from './step-memo';
import type { StoresDeps } from './stores-deps';

/** What the end of a tenant's stores is proved by. Names what there was: of what is gone already nothing can be told. */
export type Evidence = {
  /** `id` is CloudFormation's, or the name; times are ISO 8601. */
  readonly stacks: readonly {
    readonly tier: string;
    readonly name: string;
    readonly id: string;
    readonly deletedAt: string;
  }[];
  /** Until `goneAt` somebody with the right to may bring the secret back; nobody can read it meanwhile. */
  readonly secrets: readonly { readonly name: string; readonly goneAt: string }[];
};

/** Takes away all that a tenant has in these tiers, for good: its id never comes again. May be repeated. */
export async function retireTiers(
  { core, driver, secrets }: Pick<StoresDeps, 'core' | 'driver' | 'secrets'>,
  context: StepContext,
  tiers: Iterable<string>,
  signal: AbortSignal,
): Promise<Evidence> {
  const { tenantId, step } = context;
  const stacks: Evidence['stacks'][number][] = [];
  const retired: Evidence['secrets'][number][] = [];
  for (const tier of tiers) {
    const name = stackName(tenantId, tier);
    // A later attempt finds nothing any more that could be told of.
    const { removal } = await remembered(core.sql, { ...context, step: `${step}:${tier}` }, async () => ({
      removal: await driver.destroy(name, signal),
    }));
    if (removal) stacks.push({ tier, name, ...removal });
    for (const secret of [secretNames.stores(tenantId, tier), secretNames.tls(tenantId, tier)]) {
      const goneAt = await secrets.retire(secret);
      if (goneAt) retired.push({ name: secret, goneAt });
    }
  }
  return { stacks, secrets: retired };
}

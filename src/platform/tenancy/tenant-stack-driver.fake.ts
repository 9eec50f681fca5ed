import type { KolateError } from '../../contracts/errors';
import {
  type Stack,
  type StackSpec,
  shardsUnavailable,
  type TenantStackDriver,
  tierUnavailable,
} from './tenant-stack-driver';

type Kept = Stack & { readonly requestToken: string };

/** In memory. `applied` counts the requests that did something, by stack; `failNext` makes one `apply` fail. */
export function createFakeStackDriver(tiers: readonly string[] = ['pool', 'dedicated']) {
  const stacks = new Map<string, Kept>();
  const applied = new Map<string, number>();
  let failure: KolateError | undefined;

  const driver: TenantStackDriver = {
    async apply(spec) {
      if (!tiers.includes(spec.tier)) throw tierUnavailable(spec.tier);
      const { tier, shards = 1 } = spec;
      if (tier !== 'dedicated' && shards > 1) throw shardsUnavailable(tier, shards);
      if (failure) {
        const error = failure;
        failure = undefined;
        throw error;
      }
      const known = stacks.get(spec.name);
      if (known?.requestToken !== spec.requestToken) applied.set(spec.name, (applied.get(spec.name) ?? 0) + 1);
      const stack = known ?? stackOf(spec);
      stacks.set(spec.name, { ...stack, requestToken: spec.requestToken });
      return asStack(stack);
    },
    async describe(name) {
      const known = stacks.get(name);
      return known && asStack(known);
    },
    async destroy(name) {
      return stacks.delete(name) ? { id: name, deletedAt: new Date().toISOString() } : undefined;
    },
  };
  return {
    ...driver,
    timesApplied: (name: string): number => applied.get(name) ?? 0,
    failNext: (error: KolateError): void => {
      failure = error;
    },
  };
}

const asStack = ({ name, tenantId, tier, endpoints }: Stack): Stack => ({ name, tenantId, tier, endpoints });

function stackOf({ name, tenantId, tier, shards = 1 }: StackSpec): Stack {
  const at = { host: '127.0.0.1', port: 1 };
  const user = `t_${tenantId.replaceAll('-', '')}`;
  return {
    name,
    tenantId,
    tier,
    endpoints: {
      postgres: { ...at, database: user, user },
      ...(shards > 1 && { shards: Array.from({ length: shards - 1 }, () => ({ ...at, database: user, user })) }),
      mongo: { ...at, database: user, user },
      redis: { ...at, user, maintenanceUser: `${user}_maintenance`, keyPrefix: `t:${tenantId}:` },
    },
  };
}

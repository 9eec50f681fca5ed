import { type Removal, type Stack, type TenantStackDriver, tierUnavailable } from './tenant-stack-driver';

/** Each tier by a driver of its own. What a stack is called does not say its tier: all are asked for it. */
export function createTieredStackDriver(driverOf: Readonly<Record<string, TenantStackDriver>>): TenantStackDriver {
  const drivers = [...new Set(Object.values(driverOf))];
  const of = (tier: string): TenantStackDriver => {
    const driver = Object.hasOwn(driverOf, tier) ? driverOf[tier] : undefined;
    if (!driver) throw tierUnavailable(tier);
    return driver;
  };
  return {
    apply: async (spec, signal) => of(spec.tier).apply(spec, signal),
    async describe(name): Promise<Stack | undefined> {
      for (const driver of drivers) {
        const stack = await driver.describe(name);
        if (stack) return stack;
      }
      return undefined;
    },
    async destroy(name, signal): Promise<Removal | undefined> {
      let removal: Removal | undefined;
      for (const driver of drivers) removal = (await driver.destroy(name, signal)) ?? removal;
      return removal;
    },
  };
}

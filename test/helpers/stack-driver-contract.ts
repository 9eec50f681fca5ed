import { randomUUID } from 'node:crypto';
import type { StackSpec, TenantStackDriver } from '../../src/platform/tenancy/tenant-stack-driver';
import { newCredentials } from './stack-agent';

export const newStackSpec = (tier: string): StackSpec => {
  const tenantId = randomUUID();
  return { name: `tenant-${tenantId}-${tier}`, tenantId, tier, credentials: newCredentials(), requestToken: 'first' };
};

/** What every driver does, whatever it builds with. */
export function describeStackDriver(name: string, open: () => TenantStackDriver, tiers: readonly string[]): void {
  describe(`the tenant stack driver contract: ${name}`, () => {
    it.each(tiers)('describes a stack of tier %s as it answered it', async (tier) => {
      const spec = newStackSpec(tier);
      const stack = await open().apply(spec);
      expect(stack).toMatchObject({ name: spec.name, tenantId: spec.tenantId, tier });
      expect(stack.endpoints.redis.keyPrefix).toContain(spec.tenantId);
      expect(await open().describe(spec.name)).toEqual(stack);
      await open().destroy(spec.name);
    });

    it('answers the same stack when the same request comes again', async () => {
      const spec = newStackSpec('pool');
      const [first, second] = await Promise.all([open().apply(spec), open().apply(spec)]);
      expect(second).toEqual(first);
      await open().destroy(spec.name);
    });

    it('knows nothing of a stack that was never made', async () => {
      expect(await open().describe('tenant-of-nobody')).toBeUndefined();
    });

    it('destroys a stack and says when, and again when it is gone', async () => {
      const spec = newStackSpec('pool');
      await open().apply(spec);
      const removal = await open().destroy(spec.name);
      expect(removal?.id).toContain(spec.name);
      expect(Math.abs(Date.now() - Date.parse(removal?.deletedAt ?? ''))).toBeLessThan(60_000);
      expect(await open().destroy(spec.name)).toBeUndefined();
      expect(await open().describe(spec.name)).toBeUndefined();
    });

    it('makes a stack anew after it was destroyed', async () => {
      const spec = newStackSpec('pool');
      await open().apply(spec);
      await open().destroy(spec.name);
      expect(await open().apply(spec)).toMatchObject({ name: spec.name });
      await open().destroy(spec.name);
    });

    it('refuses shards where tenants share an engine', async () => {
      const spec = { ...newStackSpec('pool'), shards: 2 };
      await expect(open().apply(spec)).rejects.toMatchObject({ code: 'KLT_TIER_UNAVAILABLE' });
      expect(await open().describe(spec.name)).toBeUndefined();
    });

    it('refuses a tier that it cannot build', async () => {
      await expect(open().apply(newStackSpec('shared-cell'))).rejects.toMatchObject({ code: 'KLT_TIER_UNAVAILABLE' });
    });
  });
}

import type { TierPlan } from '../../../src/contracts/tier-plan';
import { readTierPlans } from '../../../src/services/enterprise-info/provisioning/read-tier-plans';

const dedicated: TierPlan = {
  tier: 'dedicated',
  resources: [
    { kind: 'AWS::KMS::Key', name: 'kolate-tenant-<tenant id>-dedicated-Key*', count: 1, where: 'eu-west-1' },
  ],
  cost: { usdPerMonth: 44.24, region: 'us-east-1', priceDate: '2026-11-21', note: 'list prices' },
};

describe('plans that infrastructure has written down', () => {
  it('are answered by their tier, and nothing is where none was written', async () => {
    const planTier = readTierPlans(JSON.stringify([dedicated]));
    expect(await planTier('dedicated')).toEqual(dedicated);
    expect(await planTier('pool')).toBeUndefined();
    expect(await readTierPlans('[]')('dedicated')).toBeUndefined();
  });

  it('are of one PostgreSQL: more shards are refused before anything is made', async () => {
    await expect(readTierPlans(JSON.stringify([dedicated]))('dedicated', 2)).rejects.toMatchObject({
      code: 'KLT_TIER_UNAVAILABLE',
    });
  });

  it('are refused at the start where they are not what they should be, by the place of the fault', () => {
    const { note: _note, ...cost } = dedicated.cost;
    expect(() => readTierPlans(JSON.stringify([{ ...dedicated, cost }]))).toThrow(
      expect.objectContaining({ code: 'KLT_CONFIG_INVALID', detail: expect.stringContaining('/0/cost') }),
    );
  });
});

import type { Identity } from '../../../src/contracts/scopes';
import { limitOf } from '../../../src/domain/limits/limit-of';

const identity = (tenantId: string | undefined, tier?: string): Identity => ({
  subject: 'ann',
  tenantId,
  tier,
  scopes: new Set(),
  roles: [],
  expiresAt: 0,
});

describe('whose limit a call counts against', () => {
  it('is the tenant’s tier for inference, whichever client calls', () => {
    expect(limitOf(identity('t1', 'pool'), 'inference')).toMatchObject({
      key: 't1:inference',
      limit: { ratePerSecond: 50, burst: 100, dailyQuota: 200_000 },
    });
    expect(limitOf(identity('t1', 'dedicated'), 'inference')?.limit.ratePerSecond).toBe(500);
  });

  it('is another one for management, so that neither starves the other', () => {
    expect(limitOf(identity('t1', 'pool'), 'control')?.key).toBe('t1:control');
  });

  it('is the operator’s own where the token names no tenant', () => {
    expect(limitOf(identity(undefined), 'inference')?.key).toBe('operator:ann');
  });

  it('is small, not absent, for a tier that nobody knows', () => {
    expect(limitOf(identity('t1', 'platinum'), 'inference')?.limit.ratePerSecond).toBe(10);
  });

  it('is none for routes that anyone may ask', () => {
    expect(limitOf(identity('t1', 'pool'), 'none')).toBeUndefined();
  });
});

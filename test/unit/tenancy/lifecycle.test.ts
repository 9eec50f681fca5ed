import fc from 'fast-check';
import { type TenantState, tenantStates, tierNames } from '../../../src/contracts/http/tenants';
import { tiers } from '../../../src/contracts/tiers';
import { allowedEvents, type TenantEvent, transition } from '../../../src/domain/tenancy/lifecycle';
import { findTier } from '../../../src/domain/tenancy/tiers';

const follow = (state: TenantState, ...events: TenantEvent[]): TenantState | 'illegal' => {
  const [event, ...rest] = events;
  if (event === undefined) return state;
  const next = transition(state, event);
  return next.ok ? follow(next.state, ...rest) : 'illegal';
};

describe('the life of a tenant', () => {
  it('leads from the request to a tenant that is served', () => {
    expect(follow('requested', 'validate', 'place', 'activate')).toBe('active');
  });
  it('leads back to the request when an onboarding is undone', () => {
    expect(follow('provisioning', 'unplace', 'release')).toBe('requested');
  });
  it('leads through a suspension, a move and out', () => {
    expect(follow('active', 'suspend', 'resume', 'change_tier', 'end_tier_change')).toBe('active');
    expect(follow('active', 'offboard', 'purge', 'delete')).toBe('deleted');
    expect(follow('suspended', 'offboard', 'restore_suspended')).toBe('suspended');
  });
  it('has no way back once stores are purged', () => {
    for (const event of ['restore_active', 'restore_suspended', 'resume', 'activate'] as const) {
      expect(follow('deprovisioning', event)).toBe('illegal');
    }
  });
  it('ends when it is deleted', () => {
    const events: TenantEvent[] = ['validate', 'place', 'activate', 'suspend', 'resume', 'offboard', 'purge', 'delete'];
    for (const event of events) expect(transition('deleted', event)).toEqual({ ok: false, allowed: [] });
  });
  it('names to a caller what a caller may ask for, and nothing else', () => {
    expect(transition('active', 'resume')).toEqual({ ok: false, allowed: ['suspend', 'change_tier', 'offboard'] });
    expect(transition('changing_tier', 'suspend')).toEqual({ ok: false, allowed: [] });
  });
  it('keeps what it names: every allowed event is taken', () => {
    fc.assert(
      fc.property(fc.constantFrom(...tenantStates), (state) => {
        for (const event of allowedEvents(state)) expect(transition(state, event).ok).toBe(true);
      }),
    );
  });
});

describe('tiers', () => {
  it('are the ones that the contract names', () => {
    expect(tiers.map(({ name }) => name)).toEqual([...tierNames]);
  });
  it('are found by name, and nothing else is', () => {
    expect(findTier('dedicated')?.isolation.postgres).toBe('dedicated');
    expect(findTier('constructor')).toBeUndefined();
  });
  it('allow more the more one pays', () => {
    const [pool, dedicated] = tiers;
    expect(dedicated?.ratePerSecond).toBeGreaterThan(pool?.ratePerSecond ?? 0);
    expect(dedicated?.dailyQuota).toBeGreaterThan(pool?.dailyQuota ?? 0);
  });
});

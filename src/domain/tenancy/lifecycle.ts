import type { TenantState } from '../../contracts/http/tenants';

/** What a caller may ask for. The rest of the moves are the steps of the operation that such a request starts. */
export const callerEvents = ['suspend', 'resume', 'change_tier', 'offboard'] as const;

/** Moves of the steps, and of their undoing. */
const stepEvents = [
  'validate',
  'release',
  'place',
  'unplace',
  'activate',
  'deactivate',
  'end_tier_change',
  'reopen_tier_change',
  'restore_requested',
  'restore_active',
  'restore_suspended',
  'purge',
  'delete',
] as const;

export type TenantEvent = (typeof callerEvents)[number] | (typeof stepEvents)[number];

type Transitions = { readonly [state in TenantState]: Partial<Readonly<Record<TenantEvent, TenantState>>> };

const transitions: Transitions = {
  // Offboarding a tenant that was never provisioned clears away what a failed onboarding has left: its row and slug.
  requested: { validate: 'validating', offboard: 'exporting' },
  validating: { place: 'provisioning', release: 'requested' },
  provisioning: { activate: 'active', unplace: 'validating' },
  active: {
    suspend: 'suspended',
    change_tier: 'changing_tier',
    offboard: 'exporting',
    deactivate: 'provisioning',
    reopen_tier_change: 'changing_tier',
  },
  suspended: { resume: 'active', offboard: 'exporting' },
  changing_tier: { end_tier_change: 'active' },
  exporting: {
    purge: 'deprovisioning',
    restore_requested: 'requested',
    restore_active: 'active',
    restore_suspended: 'suspended',
  },
  deprovisioning: { delete: 'deleted' },
  deleted: {},
};

export type Transition =
  | { readonly ok: true; readonly state: TenantState }
  | { readonly ok: false; readonly allowed: readonly TenantEvent[] };

/** The state after `event`, or the events that a caller may ask for in `state` instead. */
export function transition(state: TenantState, event: TenantEvent): Transition {
  const next = transitions[state][event];
  return next ? { ok: true, state: next } : { ok: false, allowed: allowedEvents(state) };
}

/** What a caller may ask for in `state`. */
export const allowedEvents = (state: TenantState): readonly TenantEvent[] =>
  callerEvents.filter((event) => transitions[state][event] !== undefined);

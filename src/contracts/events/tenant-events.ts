import { Type } from '@sinclair/typebox';
import { strict, Uuid } from '../http/common';
import { topics } from '../topics';
import { event } from './event';

const tenant = {
  tenantId: Uuid,
  slug: Type.String(),
  name: Type.String(),
  tier: Type.String(),
  contact: Type.String(),
};
const Requested = Type.Object({ ...tenant, operationId: Uuid }, strict);
const Fact = Type.Object({ ...tenant, state: Type.String() }, strict);

export const tenantRequested = event(
  'tenant.requested',
  topics.tenantLifecycle,
  Type.Object({ ...tenant, operationId: Uuid, shards: Type.Optional(Type.Integer()) }, strict),
);
export const tenantTierChangeRequested = event(
  'tenant.tier_change_requested',
  topics.tenantLifecycle,
  Type.Object({ ...tenant, operationId: Uuid, toTier: Type.String() }, strict),
);
export const tenantOffboardingRequested = event('tenant.offboarding_requested', topics.tenantLifecycle, Requested);

export const tenantUpdated = event('tenant.updated', topics.tenantLifecycle, Fact);
export const tenantActivated = event('tenant.activated', topics.tenantLifecycle, Fact);
export const tenantSuspended = event('tenant.suspended', topics.tenantLifecycle, Fact);
export const tenantResumed = event('tenant.resumed', topics.tenantLifecycle, Fact);
/** Any other move of the state machine, such as into and out of `changing_tier`, and back after a failed operation. */
export const tenantStateChanged = event('tenant.state_changed', topics.tenantLifecycle, Fact);
export const tenantDeleted = event('tenant.deleted', topics.tenantLifecycle, Fact);

import { type Static, Type } from '@sinclair/typebox';
import { PlannedCost, PlannedResource } from '../tier-plan';
import { commonProblems, ListQuery, Page, Problem, strict, Timestamp, Uuid } from './common';
import { route } from './route';

export const operationStatuses = ['running', 'cancelling', 'compensating', 'succeeded', 'failed', 'cancelled'] as const;
export type OperationStatus = (typeof operationStatuses)[number];

export const stepStatuses = [
  'pending',
  'running',
  'waiting',
  'succeeded',
  'failed',
  'compensating',
  'compensated',
  'skipped',
] as const;
export type StepStatus = (typeof stepStatuses)[number];

export const Cause = Type.Object({
  code: Type.String(),
  detail: Type.String(),
  hint: Type.Optional(Type.String()),
});
export type Cause = Static<typeof Cause>;

export const OperationStep = Type.Object({
  name: Type.String(),
  status: Type.Union(stepStatuses.map((status) => Type.Literal(status))),
  attempt: Type.Integer({ minimum: 0 }),
  startedAt: Type.Optional(Timestamp),
  endedAt: Type.Optional(Timestamp),
  durationMs: Type.Optional(Type.Integer()),
  cause: Type.Optional(Cause),
});
export type OperationStep = Static<typeof OperationStep>;

export const Operation = Type.Object({
  id: Uuid,
  kind: Type.String({ description: 'name of the saga: tenant-onboarding, tenant-offboarding, tenant-tier-change' }),
  tenantId: Uuid,
  status: Type.Union(operationStatuses.map((status) => Type.Literal(status))),
  steps: Type.Array(OperationStep),
  result: Type.Optional(Type.Record(Type.String(), Type.Unknown())),
  cause: Type.Optional(Cause),
  createdAt: Timestamp,
  updatedAt: Timestamp,
});
export type Operation = Static<typeof Operation>;

export const OperationAccepted = Type.Object({ operationId: Uuid, tenantId: Uuid, status: Type.String() });
export type OperationAccepted = Static<typeof OperationAccepted>;

/** What an operation would do, as `?dryRun=true` answers it. Nothing has been changed. */
export const Plan = Type.Object({
  kind: Type.String(),
  tier: Type.Optional(Type.String()),
  steps: Type.Array(
    Type.Object({
      name: Type.String(),
      command: Type.String(),
      undo: Type.Optional(Type.String()),
      timeoutMs: Type.Integer(),
    }),
  ),
  stores: Type.Optional(Type.Record(Type.String(), Type.String())),
  resources: Type.Optional(
    Type.Array(PlannedResource, { description: 'what would be made, where it is known before' }),
  ),
  cost: Type.Optional(PlannedCost),
});
export type Plan = Static<typeof Plan>;

export const OperationParams = Type.Object({ operationId: Uuid }, strict);
const common = { service: 'enterprise-info', throttle: 'control', params: OperationParams } as const;

export const getOperation = route({
  ...common,
  operationId: 'getOperation',
  summary: 'Show an operation with every step, attempt, duration, cause and hint',
  method: 'GET',
  path: '/v1/operations/{operationId}',
  scopes: ['operations:read'],
  responses: { 200: Operation, ...commonProblems },
});

export const listOperations = route({
  operationId: 'listOperations',
  summary: 'List operations, newest first; filter by tenantId, kind, status',
  service: 'enterprise-info',
  throttle: 'control',
  method: 'GET',
  path: '/v1/operations',
  scopes: ['operations:read'],
  query: ListQuery,
  responses: { 200: Page(Operation), ...commonProblems },
});

export const retryOperation = route({
  ...common,
  operationId: 'retryOperation',
  summary: 'Run a failed operation again from where it stood',
  method: 'POST',
  path: '/v1/operations/{operationId}/retry',
  scopes: ['operations:write'],
  idempotent: true,
  responses: { 202: OperationAccepted, 409: Problem, ...commonProblems },
});

export const cancelOperation = route({
  ...common,
  operationId: 'cancelOperation',
  summary: 'Stop a running operation and undo what it did',
  method: 'POST',
  path: '/v1/operations/{operationId}/cancel',
  scopes: ['operations:write'],
  idempotent: true,
  responses: { 202: OperationAccepted, 409: Problem, ...commonProblems },
});

import type { Operation, OperationStep } from '../../contracts/http/operations';
import type { SagaDefinition } from './saga';
import type { SagaState, StepState } from './saga-state';

const iso = (ms: number): string => new Date(ms).toISOString();

/** The saga as everybody else sees it. */
export function toOperation(definition: SagaDefinition, state: SagaState): Operation {
  const resultAt = definition.steps.findIndex(({ name }) => name === definition.result);
  const result = state.status === 'succeeded' ? state.steps[resultAt]?.output : undefined;
  return {
    id: state.id,
    kind: state.saga,
    tenantId: state.tenantId,
    status: state.status,
    steps: definition.steps.map(({ name }, index) => toStep(name, state.steps[index])),
    ...(result ? { result: { ...result } } : {}),
    ...(state.cause ? { cause: state.cause } : {}),
    createdAt: iso(state.createdAt),
    updatedAt: iso(state.updatedAt),
  };
}

/** A step's state never changes, only gives way to another one: most steps of a saga look as they did the last time. */
const shown = new WeakMap<StepState, OperationStep>();

function toStep(name: string, step: StepState | undefined): OperationStep {
  if (!step || step.status === 'pending') return { name, status: 'pending', attempt: step?.attempt ?? 0 };
  const known = shown.get(step);
  if (known) return known;
  const { status, attempt, startedAt, endedAt, cause } = step;
  const made = {
    name,
    status,
    attempt,
    ...(startedAt === undefined ? {} : { startedAt: iso(startedAt) }),
    ...(endedAt === undefined ? {} : { endedAt: iso(endedAt) }),
    ...(startedAt === undefined || endedAt === undefined ? {} : { durationMs: endedAt - startedAt }),
    ...(cause ? { cause } : {}),
  };
  shown.set(step, made);
  return made;
}

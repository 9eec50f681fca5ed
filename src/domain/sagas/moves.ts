import { backoffMs } from '../backoff';
import type { SagaDefinition, StepDefinition } from './saga';
import type { AdvanceContext, CommandEffect, Direction, SagaState, StepState } from './saga-state';

const betweenTries = { baseMs: 200, maxMs: 30_000 };

export const idle: StepState = { status: 'pending', attempt: 0, tries: 0 };

/** Not yet counted as a change. */
export type Draft = { readonly state: SagaState; readonly effects: readonly CommandEffect[] };

export const same = (state: SagaState): Draft => ({ state, effects: [] });

export function send(
  definition: SagaDefinition,
  state: SagaState,
  index: number,
  direction: Direction,
  { now }: AdvanceContext,
): Draft {
  const { name, command, undo: undoCommand, timeoutMs } = definitionOf(definition, index);
  const before = state.steps[index] ?? idle;
  const step: StepState = {
    ...before,
    status: direction === 'do' ? 'running' : 'compensating',
    attempt: before.attempt + 1,
    tries: before.tries + 1,
    startedAt: before.startedAt ?? now,
    endedAt: undefined,
  };
  const deadline = now + timeoutMs;
  return {
    state: { ...state, at: index, direction, phase: 'sent', wakeAt: deadline, steps: state.steps.with(index, step) },
    effects: [
      {
        kind: 'command',
        command: direction === 'do' ? command : (undoCommand ?? command),
        step: name,
        direction,
        attempt: step.attempt,
        deadline,
      },
    ],
  };
}

export function rest(state: SagaState, { now, random }: AdvanceContext): Draft {
  const wakeAt = now + backoffMs(betweenTries, stepOf(state).tries, random());
  return same({ ...state, phase: 'resting', wakeAt });
}

export const over = (state: SagaState, status: 'succeeded' | 'failed' | 'cancelled'): Draft =>
  same({ ...state, status, phase: 'over', wakeAt: null });

/** Whether nothing has happened yet that cannot be taken back. */
export function canUndo(definition: SagaDefinition, state: SagaState): boolean {
  return definition.steps.every(({ final, irreversible }, index) => {
    const step = state.steps[index] ?? idle;
    return !(final && step.status === 'succeeded') && !(irreversible && step.attempt > 0);
  });
}

export const stepOf = (state: SagaState): StepState => state.steps[state.at] ?? idle;

export const withStep = (state: SagaState, step: StepState): SagaState => ({
  ...state,
  steps: state.steps.with(state.at, step),
});

export function definitionOf(definition: SagaDefinition, index: number): StepDefinition {
  const step = definition.steps[index];
  if (!step) throw new Error(`saga ${definition.name} has no step ${index}`);
  return step;
}

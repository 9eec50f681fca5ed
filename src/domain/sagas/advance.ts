import type { ErrorCode } from '../../contracts/errors';
import type { Cause } from '../../contracts/http/operations';
import { canUndo, type Draft, definitionOf, idle, over, rest, same, send, stepOf, withStep } from './moves';
import type { SagaDefinition } from './saga';
import type { Advance, AdvanceContext, SagaInput, SagaState, StepReply, StepState } from './saga-state';

/** Undoing is tried more often than doing: an operation that cannot be undone needs a person. */
const undoAttempts = 8;
/**
 * What a step needs is away, or nobody answered: Kafka, an engine or a service may be starting again, which is not the
 * step's fault. It is waited out for so long, whatever the step's own budget, and at most so many times.
 */
const patienceMs = 180_000;
const patientAttempts = 24;
const outages: readonly string[] = ['KLT_DEPENDENCY_UNAVAILABLE', 'KLT_STEP_TIMED_OUT'] satisfies ErrorCode[];

const mayTryAgain = ({ tries, startedAt }: StepState, attempts: number, { code }: Cause, now: number): boolean =>
  tries < attempts || (outages.includes(code) && tries < patientAttempts && now - (startedAt ?? now) < patienceMs);

export type SagaStart = Pick<SagaState, 'id' | 'tenantId' | 'input' | 'traceparent'>;

/** A new saga with its first command. */
export function begin(definition: SagaDefinition, start: SagaStart, context: AdvanceContext): Advance {
  const { now } = context;
  const state: SagaState = {
    ...start,
    saga: definition.name,
    status: 'running',
    at: 0,
    direction: 'do',
    phase: 'resting',
    wakeAt: null,
    steps: definition.steps.map(() => idle),
    createdAt: now,
    updatedAt: now,
    revision: 0,
  };
  return finish(state, go(definition, state, 0, context), context);
}

/**
 * What `input` makes of a saga. Steps run one after the other; each command is sent once for each attempt, and a reply
 * counts only for the attempt that is current. A step that fails for good has the steps up to it undone, last first,
 * itself included since it may have had an effect; behind a `final` or `irreversible` step the saga fails where it stands.
 */
export function advance(
  definition: SagaDefinition,
  state: SagaState,
  input: SagaInput,
  context: AdvanceContext,
): Advance {
  return finish(state, react(definition, state, input, context), context);
}

function finish(before: SagaState, { state, effects }: Draft, { now }: AdvanceContext): Advance {
  if (state === before) return { state, effects };
  return { state: { ...state, updatedAt: now, revision: before.revision + 1 }, effects };
}

function react(definition: SagaDefinition, state: SagaState, input: SagaInput, context: AdvanceContext): Draft {
  switch (input.kind) {
    case 'replied':
      return isCurrent(definition, state, input) ? takeReply(definition, state, input.result, context) : same(state);
    case 'woken':
      return wake(definition, state, context);
    case 'cancel':
      return cancel(definition, state, context);
    case 'retry':
      return retry(definition, state, context);
  }
}

function isCurrent(definition: SagaDefinition, state: SagaState, reply: StepReply): boolean {
  const fits =
    definition.steps[state.at]?.name === reply.step &&
    state.direction === reply.direction &&
    stepOf(state).attempt === reply.attempt;
  // A success that comes after its timeout, but before the next try, is still the success of the current attempt.
  return fits && (state.phase === 'sent' || (state.phase === 'resting' && reply.result.ok));
}

function wake(definition: SagaDefinition, state: SagaState, context: AdvanceContext): Draft {
  if (state.wakeAt === null || state.wakeAt > context.now) return same(state);
  if (state.phase === 'resting') return send(definition, state, state.at, state.direction, context);
  const { name, timeoutMs } = definitionOf(definition, state.at);
  const cause: Cause = { code: 'KLT_STEP_TIMED_OUT', detail: `${name} did not answer within ${timeoutMs} ms` };
  return takeReply(definition, state, { ok: false, cause, retryable: true }, context);
}

function takeReply(
  definition: SagaDefinition,
  state: SagaState,
  result: StepReply['result'],
  context: AdvanceContext,
): Draft {
  if (state.direction === 'undo') {
    return result.ok ? undone(definition, state, context) : undoFailed(state, result, context);
  }
  return result.ok ? done(definition, state, result.output, context) : doFailed(definition, state, result, context);
}

function done(
  definition: SagaDefinition,
  state: SagaState,
  output: Readonly<Record<string, unknown>>,
  context: AdvanceContext,
): Draft {
  const { cause: _, ...step } = stepOf(state);
  const next = withStep(state, { ...step, status: 'succeeded', output, endedAt: context.now });
  if (next.status === 'cancelling' && canUndo(definition, next)) return undo(definition, next, 'cancelled', context);
  return go(definition, { ...next, status: 'running' }, state.at + 1, context);
}

type Failure = { readonly cause: Cause; readonly retryable: boolean };

function doFailed(
  definition: SagaDefinition,
  state: SagaState,
  { cause, retryable }: Failure,
  context: AdvanceContext,
): Draft {
  const { attempts, optional } = definitionOf(definition, state.at);
  const step = { ...stepOf(state), cause };
  const reversible = canUndo(definition, state);
  const cancelled = state.status === 'cancelling' && reversible;
  if (retryable && mayTryAgain(step, attempts, cause, context.now) && !cancelled) {
    return rest(withStep({ ...state, status: 'running' }, { ...step, status: 'waiting' }), context);
  }
  const failed = withStep(state, { ...step, status: optional ? 'skipped' : 'failed', endedAt: context.now });
  if (cancelled) return undo(definition, failed, 'cancelled', context);
  if (optional) return go(definition, { ...failed, status: 'running' }, state.at + 1, context);
  if (reversible) return undo(definition, { ...failed, cause }, 'failed', context);
  return over({ ...failed, cause }, 'failed');
}

/** Does step `index`, or ends well behind the last. */
function go(definition: SagaDefinition, state: SagaState, index: number, context: AdvanceContext): Draft {
  return index < definition.steps.length
    ? send(definition, state, index, 'do', context)
    : over({ ...state, cause: undefined }, 'succeeded');
}

/** Takes back what was begun, from the current step on, last first. */
function undo(
  definition: SagaDefinition,
  state: SagaState,
  ending: 'failed' | 'cancelled',
  context: AdvanceContext,
): Draft {
  const undoing: SagaState = { ...state, status: 'compensating', ending, direction: 'undo' };
  return undoFrom(definition, undoing, state.at, context);
}

function undoFrom(definition: SagaDefinition, state: SagaState, from: number, context: AdvanceContext): Draft {
  const index = definition.steps.findLastIndex(
    ({ undo: command }, at) => at <= from && command !== undefined && (state.steps[at]?.attempt ?? 0) > 0,
  );
  if (index < 0) return over(state, state.ending ?? 'failed');
  const steps = state.steps.with(index, { ...(state.steps[index] ?? idle), tries: 0 });
  return send(definition, { ...state, steps }, index, 'undo', context);
}

function undone(definition: SagaDefinition, state: SagaState, context: AdvanceContext): Draft {
  const next = withStep(state, { ...stepOf(state), status: 'compensated', endedAt: context.now });
  return undoFrom(definition, next, state.at - 1, context);
}

function undoFailed(state: SagaState, { cause, retryable }: Failure, context: AdvanceContext): Draft {
  const step = { ...stepOf(state), cause };
  if (retryable && mayTryAgain(step, undoAttempts, cause, context.now)) return rest(withStep(state, step), context);
  const stuck = withStep(state, { ...step, status: 'failed', endedAt: context.now });
  return over(
    { ...stuck, cause: { ...cause, hint: cause.hint ?? 'undoing stopped here; retry goes on with it' } },
    'failed',
  );
}

function cancel(definition: SagaDefinition, state: SagaState, context: AdvanceContext): Draft {
  if (state.status !== 'running' || !canUndo(definition, state)) return same(state);
  // What is under way is waited for: an undo that overtook it would leave its effect.
  if (state.phase === 'sent') return same({ ...state, status: 'cancelling' });
  return undo(definition, state, 'cancelled', context);
}

/** A failed operation goes on where it stopped: with the step or the undoing that failed, or anew when all was undone. */
function retry(definition: SagaDefinition, state: SagaState, context: AdvanceContext): Draft {
  if (state.status !== 'failed') return same(state);
  const { cause: _, ending, ...kept } = state;
  const stopped = stepOf(state).status === 'failed';
  if (stopped && state.direction === 'undo') {
    return undoFrom(definition, { ...kept, ending, status: 'compensating' }, state.at, context);
  }
  if (stopped && !canUndo(definition, state)) {
    const steps = state.steps.with(state.at, { ...stepOf(state), tries: 0 });
    return send(definition, { ...kept, status: 'running', steps }, state.at, 'do', context);
  }
  const steps = state.steps.map(({ attempt }) => ({ ...idle, attempt }));
  return send(definition, { ...kept, status: 'running', steps }, 0, 'do', context);
}

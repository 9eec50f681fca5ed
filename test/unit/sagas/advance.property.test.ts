import fc from 'fast-check';
import { tenantRequested } from '../../../src/contracts/events/tenant-events';
import { advance, begin } from '../../../src/domain/sagas/advance';
import { type SagaDefinition, saga, step } from '../../../src/domain/sagas/saga';
import type { CommandEffect, SagaState, StepReply } from '../../../src/domain/sagas/saga-state';

/** A world for a saga: a worker that takes effect once for each step and may fail, be slow, or have its replies doubled. */
const arbitraryDefinition = fc
  .array(fc.record({ undo: fc.boolean(), attempts: fc.integer({ min: 1, max: 3 }), optional: fc.boolean() }), {
    minLength: 1,
    maxLength: 6,
  })
  .chain((steps) => fc.record({ steps: fc.constant(steps), final: fc.integer({ min: 0, max: steps.length }) }))
  .map(({ steps, final }) =>
    saga(
      'any',
      { startedBy: tenantRequested },
      steps.map(({ undo, attempts, optional }, index) =>
        step(`s${index}`, {
          command: `do.${index}`,
          ...(undo ? { undo: `undo.${index}` } : {}),
          ...{ timeoutMs: 1_000, attempts, optional: optional && index !== final, final: index === final },
        }),
      ),
    ),
  );

type Fate = 'ok' | 'fail' | 'fail-for-good' | 'silence' | 'late' | 'twice';
const fates = fc.array(fc.constantFrom<Fate>('ok', 'ok', 'ok', 'fail', 'fail-for-good', 'silence', 'late', 'twice'), {
  maxLength: 60,
});
/** When an operator meddles: at which turn, and how. */
const meddling = fc.array(fc.record({ turn: fc.nat(40), what: fc.constantFrom('cancel' as const, 'retry' as const) }), {
  maxLength: 3,
});

const cause = { code: 'KLT_INTERNAL', detail: 'as drawn' };
const replyTo = ({ step: name, direction, attempt }: CommandEffect, result: StepReply['result']): StepReply => ({
  ...{ kind: 'replied', step: name, direction, attempt, result },
});

type Run = { state: SagaState; sent: CommandEffect[]; states: SagaState[]; turns: number; answered: boolean };

function run(definition: SagaDefinition, drawn: Fate[], meddlers: { turn: number; what: 'cancel' | 'retry' }[]): Run {
  let now = 0;
  const context = () => ({ now, random: () => 0 });
  const sent: CommandEffect[] = [];
  const states: SagaState[] = [];
  const late: StepReply[] = [];
  let { state, effects } = begin(definition, { id: 'i', tenantId: 't', input: {} }, context());
  const take = (input: Parameters<typeof advance>[2]): void => {
    const next = advance(definition, state, input, context());
    if (next.state !== state) states.push(next.state);
    state = next.state;
    if (next.effects.length > 0) effects = next.effects;
    sent.push(...next.effects);
  };
  sent.push(...effects);
  let turns = 0;
  // Behind the drawn fates all goes well: so that an end is reached.
  for (; turns < 400; turns++) {
    for (const { what } of meddlers.filter(({ turn }) => turn === turns)) take({ kind: what });
    if (state.phase === 'over') {
      if (turns > 45) break;
      continue;
    }
    const command = effects[0];
    const fate = drawn[turns] ?? 'ok';
    if (state.phase === 'resting' || !command || fate === 'silence') {
      now = Math.max(now, state.wakeAt ?? now);
      take({ kind: 'woken' });
      continue;
    }
    const result: StepReply['result'] =
      fate === 'fail' || fate === 'fail-for-good'
        ? { ok: false, cause, retryable: fate === 'fail' }
        : { ok: true, output: {} };
    const reply = replyTo(command, result);
    if (fate === 'late') {
      late.push(reply);
      now = Math.max(now, state.wakeAt ?? now);
      take({ kind: 'woken' });
      continue;
    }
    take(reply);
    if (fate === 'twice') take(reply);
    for (const old of late.splice(0, 1)) take(old);
  }
  const answered = !drawn.some((fate) => fate === 'silence' || fate === 'late');
  return { state, sent, states, turns, answered };
}

const property = (check: (result: Run, definition: SagaDefinition) => void): void =>
  fc.assert(
    fc.property(arbitraryDefinition, fates, meddling, (definition, drawn, meddlers) =>
      check(run(definition, drawn, meddlers), definition),
    ),
    { numRuns: 500 },
  );

it('comes to an end, whatever is lost, late, doubled or out of order', () => {
  property(({ state, turns }) => {
    expect(turns).toBeLessThan(400);
    expect(state).toMatchObject({ phase: 'over', wakeAt: null });
    expect(['succeeded', 'failed', 'cancelled']).toContain(state.status);
  });
});

it('sends each attempt of a step once, numbered without a gap', () => {
  property(({ sent }, definition) => {
    for (const { name } of definition.steps) {
      const attempts = sent.filter((each) => each.step === name).map(({ attempt }) => attempt);
      expect(attempts).toEqual(attempts.map((_, index) => index + 1));
    }
  });
});

it('undoes in the reverse order of doing, each step that was begun and can be undone', () => {
  property(({ sent, state }, definition) => {
    if (state.status !== 'cancelled' && !(state.status === 'failed' && state.direction === 'undo')) return;
    const lastDo = sent.findLastIndex(({ direction }) => direction === 'do');
    const undone = [...new Set(sent.slice(lastDo + 1).map(({ step: name }) => name))];
    const index = (name: string): number => definition.steps.findIndex((each) => each.name === name);
    const order = undone.map(index);
    expect(order).toEqual([...order].sort((a, b) => b - a));
    if (state.steps.some(({ status }) => status === 'failed')) return;
    const reached = index(sent[lastDo]?.step ?? '');
    const undoable = definition.steps.flatMap((each, at) => (each.undo !== undefined && at <= reached ? [at] : []));
    expect(order).toEqual(undoable.reverse());
  });
});

it('never undoes anything once the final step has succeeded', () => {
  property(({ states }, definition) => {
    const final = definition.steps.findIndex((each) => each.final);
    const since = states.findIndex((state) => final >= 0 && state.steps[final]?.status === 'succeeded');
    if (since < 0) return;
    for (const state of states.slice(since)) expect(state.direction).toBe('do');
  });
});

it('stays within the budget of tries of a step in one run', () => {
  property(({ states, answered }, definition) => {
    // Silence is an outage, which is waited out.
    const budgetOf = (state: SagaState, index: number): number =>
      answered ? (state.direction === 'do' ? (definition.steps[index]?.attempts ?? 0) : 8) : 24;
    for (const state of states) {
      for (const [index, { tries }] of state.steps.entries()) {
        expect(tries).toBeLessThanOrEqual(budgetOf(state, index));
      }
    }
  });
});

it('counts its revisions one by one', () => {
  property(({ states }) => {
    expect(states.map(({ revision }) => revision)).toEqual(states.map((_, index) => index + 2));
  });
});

import { tenantRequested } from '../../../src/contracts/events/tenant-events';
import { advance, begin } from '../../../src/domain/sagas/advance';
import { type SagaDefinition, saga, step } from '../../../src/domain/sagas/saga';
import type { Advance, SagaInput, StepReply } from '../../../src/domain/sagas/saga-state';
import { toOperation } from '../../../src/domain/sagas/to-operation';

const cause = { code: 'KLT_PROVISION_FAILED', detail: 'no disk' };
const ok = (output = {}): StepReply['result'] => ({ ok: true, output });
const failed = (retryable: boolean): StepReply['result'] => ({ ok: false, cause, retryable });

const definition = saga('moving', { startedBy: tenantRequested, result: 'unload' }, [
  step('load', { command: 'van.load', undo: 'van.unload', timeoutMs: 1_000, attempts: 2 }),
  step('drive', { command: 'van.drive', undo: 'van.return', timeoutMs: 1_000, attempts: 2 }),
  step('unload', { command: 'house.unload', undo: 'house.reload', timeoutMs: 1_000, attempts: 2, final: true }),
  step('clean', { command: 'van.clean', timeoutMs: 1_000, attempts: 2 }),
  step('greet', { command: 'house.greet', timeoutMs: 1_000, attempts: 1, optional: true }),
]);

/** Plays a saga: each call feeds one input; the clock stands still unless it is moved. */
function play(played: SagaDefinition = definition) {
  let now = 1_000_000;
  const context = () => ({ now, random: () => 0.5 });
  let last: Advance = begin(played, { id: 'saga', tenantId: 'tenant', input: { slug: 'acme' } }, context());
  const feed = (input: SagaInput) => {
    last = advance(played, last.state, input, context());
    return last;
  };
  return {
    last: () => last,
    state: () => last.state,
    sent: () => last.effects.map(({ command, attempt }) => `${command}#${attempt}`),
    feed,
    reply(result: StepReply['result'], overrides: Partial<StepReply> = {}) {
      const { at, direction, steps } = last.state;
      const name = played.steps[at]?.name ?? '';
      return feed({ kind: 'replied', step: name, direction, attempt: steps[at]?.attempt ?? 0, result, ...overrides });
    },
    /** To the time at which the saga wants to be woken. */
    wake() {
      now = last.state.wakeAt ?? now;
      return feed({ kind: 'woken' });
    },
    statuses: () => toOperation(played, last.state).steps.map(({ status }) => status),
  };
}

it('sends the next command with each success, and ends with the result', () => {
  const saga = play();
  expect(saga.sent()).toEqual(['van.load#1']);
  const sent = ['drive', 'unload', 'clean', 'greet'].map(() => {
    saga.reply(ok({ by: saga.state().at }));
    return saga.sent()[0];
  });
  expect(sent).toEqual(['van.drive#1', 'house.unload#1', 'van.clean#1', 'house.greet#1']);
  saga.reply(ok());
  expect(saga.last().effects).toEqual([]);
  expect(saga.state()).toMatchObject({ status: 'succeeded', phase: 'over', wakeAt: null, revision: 6 });
  expect(toOperation(definition, saga.state()).result).toEqual({ by: 2 });
});

it('hands the deadline of the attempt on with its command', () => {
  expect(play().last().effects).toEqual([
    { kind: 'command', command: 'van.load', step: 'load', direction: 'do', attempt: 1, deadline: 1_001_000 },
  ]);
});

it('leaves the state as it is, and sends nothing, for a reply to another step, attempt or direction', () => {
  const saga = play();
  const before = saga.state();
  for (const overrides of [{ step: 'drive' }, { attempt: 2 }, { attempt: 0 }, { direction: 'undo' as const }]) {
    expect(saga.reply(ok(), overrides)).toEqual({ state: before, effects: [] });
    expect(saga.state()).toBe(before);
  }
});

it('rests after a failure that may pass, then sends the same command as the next attempt', () => {
  const saga = play();
  saga.reply(failed(true));
  expect(saga.sent()).toEqual([]);
  expect(saga.state()).toMatchObject({ status: 'running', phase: 'resting', wakeAt: 1_000_150 });
  expect(saga.statuses()[0]).toBe('waiting');
  saga.wake();
  expect(saga.sent()).toEqual(['van.load#2']);
});

it('does nothing when it is woken before its time', () => {
  const saga = play();
  const before = saga.state();
  expect(saga.feed({ kind: 'woken' }).state).toBe(before);
});

it('takes a reply that does not come in time as a failed attempt', () => {
  const saga = play();
  saga.wake();
  expect(saga.state().steps[0]?.cause?.code).toBe('KLT_STEP_TIMED_OUT');
  saga.wake();
  expect(saga.sent()).toEqual(['van.load#2']);
  expect(saga.reply(ok(), { attempt: 1 }).effects).toEqual([]);
  saga.reply(ok());
  expect(saga.sent()).toEqual(['van.drive#1']);
});

it('waits an outage out for three minutes, beyond the tries of the step, and then gives up', () => {
  const saga = play();
  const away = { code: 'KLT_DEPENDENCY_UNAVAILABLE', detail: 'Kafka is starting' };
  for (let tries = 1; tries < 6; tries++) {
    saga.reply({ ok: false, cause: away, retryable: true });
    expect(saga.state()).toMatchObject({ status: 'running', phase: 'resting' });
    saga.wake();
  }
  const begun = saga.state().createdAt;
  while (saga.state().direction === 'do') {
    saga.reply({ ok: false, cause: away, retryable: true });
    if (saga.state().phase === 'resting') saga.wake();
  }
  expect(saga.state().updatedAt - begun).toBeGreaterThanOrEqual(180_000);
  expect(saga.state().steps[0]?.tries).toBeLessThanOrEqual(24);
});

it('takes a success that comes after its timeout, but before the next attempt', () => {
  const saga = play();
  saga.wake();
  saga.reply(ok());
  expect(saga.sent()).toEqual(['van.drive#1']);
});

it('undoes what was begun, last first and the failed step included, when the tries are used up', () => {
  const saga = play();
  saga.reply(ok());
  saga.reply(failed(true));
  saga.wake();
  saga.reply(failed(true));
  expect(saga.sent()).toEqual(['van.return#3']);
  expect(saga.state()).toMatchObject({ status: 'compensating', cause });
  saga.reply(ok());
  expect(saga.sent()).toEqual(['van.unload#2']);
  saga.reply(ok());
  expect(saga.state()).toMatchObject({ status: 'failed', phase: 'over', cause });
  expect(saga.statuses()).toEqual(['compensated', 'compensated', 'pending', 'pending', 'pending']);
});

it('undoes at once after a failure that will not pass', () => {
  const saga = play();
  saga.reply(failed(false));
  expect(saga.sent()).toEqual(['van.unload#2']);
});

it('fails where it stands behind the final step, and goes on from there when it is retried', () => {
  const saga = play();
  for (let done = 0; done < 3; done++) saga.reply(ok());
  saga.reply(failed(false));
  expect(saga.state()).toMatchObject({ status: 'failed', phase: 'over', cause });
  expect(saga.last().effects).toEqual([]);
  saga.feed({ kind: 'retry' });
  expect(saga.sent()).toEqual(['van.clean#2']);
  saga.reply(ok());
  saga.reply(ok());
  expect(saga.state().status).toBe('succeeded');
});

it('skips an optional step that fails', () => {
  const saga = play();
  for (let done = 0; done < 4; done++) saga.reply(ok());
  saga.reply(failed(false));
  expect(saga.state().status).toBe('succeeded');
  expect(saga.statuses().at(-1)).toBe('skipped');
});

it('undoes the final step when it is not known whether it happened', () => {
  const saga = play();
  saga.reply(ok());
  saga.reply(ok());
  while (saga.state().direction === 'do') saga.wake();
  expect(saga.sent()).toEqual([expect.stringMatching(/^house\.reload#/)]);
});

it('fails in place when a step that cannot be taken back fails', () => {
  const purging = saga('purging', { startedBy: tenantRequested }, [
    step('pause', { command: 'a.pause', undo: 'a.resume', timeoutMs: 1_000 }),
    step('purge', { command: 'a.purge', timeoutMs: 1_000, attempts: 1, irreversible: true }),
  ]);
  const played = play(purging);
  played.reply(ok());
  played.feed({ kind: 'cancel' });
  expect(played.state().status).toBe('running');
  played.reply(failed(true));
  expect(played.state()).toMatchObject({ status: 'failed', phase: 'over' });
  played.feed({ kind: 'retry' });
  expect(played.sent()).toEqual(['a.purge#2']);
});

it('waits for what is under way when it is cancelled, then undoes it, and ends as cancelled', () => {
  const saga = play();
  saga.reply(ok());
  saga.feed({ kind: 'cancel' });
  expect(saga.state().status).toBe('cancelling');
  expect(saga.last().effects).toEqual([]);
  saga.reply(ok());
  expect(saga.sent()).toEqual(['van.return#2']);
  saga.reply(ok());
  saga.reply(ok());
  expect(saga.state()).toMatchObject({ status: 'cancelled', phase: 'over' });
});

it('undoes at once when it is cancelled between two tries', () => {
  const saga = play();
  saga.reply(failed(true));
  saga.feed({ kind: 'cancel' });
  expect(saga.sent()).toEqual(['van.unload#2']);
});

it('goes on when it is cancelled behind the point of no return, or while the final step succeeds', () => {
  const saga = play();
  saga.reply(ok());
  saga.reply(ok());
  saga.feed({ kind: 'cancel' });
  expect(saga.state().status).toBe('cancelling');
  saga.reply(ok());
  expect(saga.sent()).toEqual(['van.clean#1']);
  expect(saga.state().status).toBe('running');
  expect(saga.feed({ kind: 'cancel' }).state.status).toBe('running');
});

it('tries to undo again and again, then stops for a person, and goes on undoing when it is retried', () => {
  const saga = play();
  saga.reply(ok());
  saga.reply(failed(false));
  for (let tries = 0; tries < 7; tries++) {
    saga.reply(failed(true));
    saga.wake();
  }
  saga.reply(failed(true));
  expect(saga.state()).toMatchObject({ status: 'failed', phase: 'over' });
  expect(saga.statuses().slice(0, 2)).toEqual(['succeeded', 'failed']);
  saga.feed({ kind: 'retry' });
  expect(saga.state().status).toBe('compensating');
  expect(saga.sent()).toEqual(['van.return#10']);
  saga.reply(ok());
  saga.reply(ok());
  expect(saga.state()).toMatchObject({ status: 'failed', phase: 'over' });
});

it('begins anew when all was undone, with attempts that no late reply can be taken for', () => {
  const saga = play();
  saga.reply(ok());
  saga.reply(failed(false));
  saga.reply(ok());
  saga.reply(ok());
  saga.feed({ kind: 'retry' });
  expect(saga.sent()).toEqual(['van.load#3']);
  expect(saga.statuses()).toEqual(['running', 'pending', 'pending', 'pending', 'pending']);
  expect(saga.state().cause).toBeUndefined();
});

it.each(['succeeded', 'cancelled', 'running'])('does not retry what is %s', (status) => {
  const saga = play();
  if (status === 'succeeded') for (let done = 0; done < 5; done++) saga.reply(ok());
  if (status === 'cancelled') {
    saga.reply(failed(true));
    saga.feed({ kind: 'cancel' });
    saga.reply(ok());
  }
  const before = saga.state();
  expect(before.status).toBe(status);
  expect(saga.feed({ kind: 'retry' }).state).toBe(before);
});

import { tenantRequested } from '../../../src/contracts/events/tenant-events';
import { sagas, stepCommands } from '../../../src/domain/sagas/all-sagas';
import { saga, step } from '../../../src/domain/sagas/saga';

it('takes every step back that comes before the point of no return, or has nothing of its own to take back', () => {
  const ownNothing = new Set(['migrate', 'seed', 'smoke', 'import']);
  for (const { name, steps } of sagas.values()) {
    const end = steps.findIndex(({ final, irreversible }) => final || irreversible);
    for (const each of steps.slice(0, end)) {
      expect({ saga: name, step: each.name, covered: each.undo !== undefined || ownNothing.has(each.name) }).toEqual({
        saga: name,
        step: each.name,
        covered: true,
      });
    }
  }
});

it('knows the commands of all sagas, each once, on the topic of the service that serves them', () => {
  const names = [...sagas.values()].flatMap(({ steps }) => steps.flatMap(({ command, undo }) => [command, undo]));
  const expected = [...new Set(names.filter((name) => name !== undefined))].sort();
  expect([...stepCommands.keys()].sort()).toEqual(expected);
  expect(new Set([...stepCommands.values()].map(({ topic }) => topic.name))).toEqual(
    new Set(['command.enterprise-info.v1']),
  );
});

it('starts each saga by an event of its own', () => {
  const types = [...sagas.values()].map(({ startedBy }) => startedBy.type);
  expect(new Set(types).size).toBe(types.length);
});

it('refuses a definition with two steps of one name, or the result of a step that is not there', () => {
  const one = step('one', { command: 'a.b', timeoutMs: 1 });
  expect(() => saga('s', { startedBy: tenantRequested }, [one, one])).toThrow('saga s: two steps share a name');
  expect(() => saga('s', { startedBy: tenantRequested, result: 'two' }, [one])).toThrow('saga s: no step is named two');
});

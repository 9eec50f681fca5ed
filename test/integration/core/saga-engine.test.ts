import { randomUUID } from 'node:crypto';
import { tenantOnboarding } from '../../../src/domain/sagas/tenant-onboarding';
import { createSagaEngine, type SagaEngine } from '../../../src/services/core/sagas/saga-engine';
import type { SagaRequest } from '../../../src/services/core/sagas/saga-requests';
import { createSagaStore, type SagaStore } from '../../../src/services/core/sagas/saga-store';
import { createSagaTimers } from '../../../src/services/core/sagas/saga-timers';
import { type CoreDatabase, coreDatabase, createTestLog, quickBackoff } from '../../helpers/messaging';
import { until } from '../../helpers/until';

const { log } = createTestLog();
let database: CoreDatabase;
let store: SagaStore;
beforeAll(async () => {
  database = await coreDatabase();
  store = createSagaStore(database.postgres.sql);
});
afterAll(() => database.drop());

type Command = { step: string; direction: 'do' | 'undo'; attempt: number; sagaId: string };
/** Commands in the outbox, in order: what a relay would publish, or has. */
const commands = async (sagaId: string): Promise<Command[]> =>
  (
    await database.postgres.sql.many<{ payload: Command }>`
      select payload from saga.outbox where payload ->> 'sagaId' = ${sagaId} order by seq`
  ).map(({ payload }) => payload);

const newStart = () => {
  const sagaId = randomUUID();
  const start = { id: sagaId, tenantId: randomUUID(), input: { slug: 'acme' } };
  return { kind: 'start', sagaId, messageId: randomUUID(), definition: tenantOnboarding, start } as const;
};
const succeed = ({ sagaId, step, direction, attempt }: Command, messageId: string = randomUUID()): SagaRequest => ({
  ...{ kind: 'input', sagaId, messageId },
  input: { kind: 'replied', step, direction, attempt, result: { ok: true, output: { step } } },
});
const statusOf = async (sagaId: string) => (await store.load([sagaId])).get(sagaId)?.status;
const engineOn = (over: SagaStore, now?: () => number): SagaEngine =>
  createSagaEngine({ store: over, log, ...(now ? { now } : {}) });

/** Dies at the `at`th write, before it or right after its commit; what it was told of is lost with it. */
function dyingStore(at: number, when: 'before' | 'after'): SagaStore {
  let writes = 0;
  return {
    ...store,
    async write(batch) {
      writes += 1;
      if (writes !== at) return store.write(batch);
      if (when === 'after') await store.write(batch);
      throw new Error('killed');
    },
  };
}

const steps = tenantOnboarding.steps.map(({ name }) => name);

describe.each(['before', 'after'] as const)('a process that dies %s a commit', (when) => {
  it.each(Array.from({ length: steps.length + 1 }, (_, at) => at + 1))(
    'has sent each command once when another has gone on, at write %i',
    async (at) => {
      const start = newStart();
      let engine = engineOn(dyingStore(at, when));
      // What Kafka has not been told of comes again, to a process that knows nothing but the database.
      const deliver = async (request: SagaRequest): Promise<void> => {
        try {
          await engine.submit([request]);
        } catch {
          engine = engineOn(store);
          await engine.submit([request]);
        }
      };
      await deliver(start);
      for (let step = 0; step < steps.length; step++) {
        const command = (await commands(start.sagaId))[step];
        if (!command) throw new Error(`no command for step ${step}`);
        await deliver(succeed(command));
      }
      expect((await commands(start.sagaId)).map(({ step, attempt }) => `${step}#${attempt}`)).toEqual(
        steps.map((step) => `${step}#1`),
      );
      expect(await statusOf(start.sagaId)).toBe('succeeded');
    },
  );
});

it('starts a saga once, and takes a reply once, whoever of two processes is first', async () => {
  const [first, second] = [engineOn(store), engineOn(store)];
  const start = newStart();
  await Promise.all([first.submit([start]), second.submit([{ ...start, messageId: randomUUID() }])]);
  for (let step = 0; step < steps.length; step++) {
    const command = (await commands(start.sagaId))[step] as Command;
    const messageId = randomUUID();
    await Promise.all([first.submit([succeed(command, messageId)]), second.submit([succeed(command, messageId)])]);
  }
  expect((await commands(start.sagaId)).map(({ step }) => step)).toEqual(steps);
  expect(await statusOf(start.sagaId)).toBe('succeeded');
});

it('goes on with what another process has done meanwhile, though it remembers an older state', async () => {
  const [first, second] = [engineOn(store), engineOn(store)];
  const start = newStart();
  await first.submit([start]);
  for (let step = 0; step < steps.length; step++) {
    const engine = step % 3 === 0 ? second : first;
    await engine.submit([succeed((await commands(start.sagaId))[step] as Command)]);
  }
  expect(await statusOf(start.sagaId)).toBe('succeeded');
});

it('writes nothing from an older state than the current one', async () => {
  const [first, second] = [engineOn(store), engineOn(store)];
  const start = newStart();
  await first.submit([start]);
  const [command] = await commands(start.sagaId);
  const reply = succeed(command as Command);
  await second.submit([reply]);
  // The first process does not know of that reply: what the clock and the operator ask is judged by what it remembers.
  const cancel: SagaRequest = {
    ...{ kind: 'input', sagaId: start.sagaId, messageId: randomUUID() },
    input: { kind: 'cancel' },
  };
  await first.submit([cancel]);
  const state = (await store.load([start.sagaId])).get(start.sagaId);
  expect(state).toMatchObject({ status: 'cancelling', at: 1, revision: 3 });
});

it('takes many sagas in one batch, doubled replies among them, each to its end', async () => {
  const engine = engineOn(store);
  const starts = Array.from({ length: 200 }, newStart);
  await Promise.all(starts.map((start) => engine.submit([start])));
  const run = async (sagaId: string): Promise<void> => {
    for (let step = 0; step < steps.length; step++) {
      const reply = succeed({ sagaId, step: steps[step] as string, direction: 'do', attempt: 1 });
      await Promise.all([engine.submit([reply]), engine.submit([reply])]);
    }
  };
  await Promise.all(starts.map(({ sagaId }) => run(sagaId)));
  const ends = await store.load(starts.map(({ sagaId }) => sagaId));
  expect(new Set([...ends.values()].map(({ status }) => status))).toEqual(new Set(['succeeded']));
  const { n } = await database.postgres.sql.one<{ n: number }>`
    select count(*)::int as n from saga.outbox
    where payload ->> 'sagaId' = any (${starts.map(({ sagaId }) => sagaId)})`;
  expect(n).toBe(starts.length * steps.length);
});

it('moves the position of a partition in the transaction of the effects, and never back', async () => {
  const engine = engineOn(store);
  const topic = randomUUID();
  await engine.submit([newStart()], { topic, partition: 3, next: 17 });
  await engine.submit([], { topic, partition: 3, next: 11 });
  expect(await store.position(topic, 3)).toBe(17);
  const dying = engineOn(dyingStore(1, 'before'));
  await expect(dying.submit([newStart()], { topic, partition: 3, next: 20 })).rejects.toThrow('killed');
  expect(await store.position(topic, 3)).toBe(17);
});

it('writes the jobs beside one that cannot be written', async () => {
  const broken = newStart();
  const faulty: SagaStore = {
    ...store,
    async write(batch) {
      if (batch.sagas.some(({ state }) => state.id === broken.sagaId)) throw new Error('cannot be written');
      return store.write(batch);
    },
  };
  const engine = engineOn(faulty);
  const healthy = newStart();
  const results = await Promise.allSettled([engine.submit([broken]), engine.submit([healthy])]);
  expect(results.map(({ status }) => status)).toEqual(['rejected', 'fulfilled']);
  expect(await statusOf(healthy.sagaId)).toBe('running');
});

it('asks for a retry once, though the request comes again after the saga has failed anew', async () => {
  const engine = engineOn(store);
  const start = newStart();
  const cause = { code: 'KLT_INTERNAL', detail: 'no' };
  const fail = async (): Promise<void> => {
    const { step, direction, attempt, sagaId } = (await commands(start.sagaId)).at(-1) as Command;
    const result = { ok: false, cause, retryable: false } as const;
    const input = { kind: 'replied', step, direction, attempt, result } as const;
    await engine.submit([{ kind: 'input', sagaId, messageId: randomUUID(), input }]);
    await engine.submit([succeed((await commands(sagaId)).at(-1) as Command)]);
    expect(await statusOf(sagaId)).toBe('failed');
  };
  await engine.submit([start]);
  await fail();
  const retry: SagaRequest = { kind: 'input', sagaId: start.sagaId, messageId: randomUUID(), input: { kind: 'retry' } };
  await engine.submit([retry]);
  await fail();
  const sent = (await commands(start.sagaId)).length;
  await engine.submit([retry]);
  expect((await commands(start.sagaId)).length).toBe(sent);
  expect(await statusOf(start.sagaId)).toBe('failed');
});

it('wakes a saga whose time has come, also one that a process now dead has left behind', async () => {
  const start = newStart();
  const longAgo = Date.now() - 60_000;
  await engineOn(store, () => longAgo).submit([start]);
  const engine = engineOn(store);
  const timers = createSagaTimers({ store, engine, backoff: quickBackoff, log });
  await until(async () => (await commands(start.sagaId)).length === 2);
  await timers.close();
  expect((await commands(start.sagaId)).map(({ step, attempt }) => `${step}#${attempt}`)).toEqual([
    'reserve#1',
    'reserve#2',
  ]);
});

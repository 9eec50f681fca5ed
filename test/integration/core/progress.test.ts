import { randomUUID } from 'node:crypto';
import { tenantOnboarding } from '../../../src/domain/sagas/tenant-onboarding';
import type { OutgoingRecord } from '../../../src/platform/kafka/record';
import { createProgressPublisher, type ProgressPublisher } from '../../../src/services/core/sagas/progress-publisher';
import { createSagaEngine, type SagaEngine } from '../../../src/services/core/sagas/saga-engine';
import { createSagaStore, type SagaStore } from '../../../src/services/core/sagas/saga-store';
import { type CoreDatabase, coreDatabase, createTestLog, quickBackoff } from '../../helpers/messaging';
import { until } from '../../helpers/until';

const { log } = createTestLog();
let database: CoreDatabase;
let store: SagaStore;
const publishers: ProgressPublisher[] = [];
beforeAll(async () => {
  database = await coreDatabase();
  store = createSagaStore(database.postgres.sql);
});
afterAll(() => database.drop());
beforeEach(() => database.postgres.sql.run`truncate saga.saga, saga.inbox, saga.outbox`);
afterEach(async () => {
  await Promise.all(publishers.splice(0).map((publisher) => publisher.close()));
});

/** Takes records, or refuses them as often as it is told to. */
function createSink(refusals = 0) {
  const facts: { id: string; revision: number; status: string }[] = [];
  let left = refusals;
  return {
    facts,
    async send(records: readonly OutgoingRecord[]): Promise<void> {
      if (left-- > 0) throw new Error('no broker');
      for (const { value } of records) {
        const { revision, operation } = JSON.parse(String(value));
        facts.push({ id: operation.id, revision, status: operation.status });
      }
    },
  };
}
const publishTo = (producer: ReturnType<typeof createSink>): ProgressPublisher => {
  const publisher = createProgressPublisher({ store, producer, log, backoff: quickBackoff });
  publishers.push(publisher);
  return publisher;
};
const isActive = async (id: string): Promise<boolean> =>
  (await database.postgres.sql.one<{ active: boolean }>`select active from saga.saga where id = ${id}`).active;

async function run(engine: SagaEngine, steps: number): Promise<string> {
  const id = randomUUID();
  const start = { id, tenantId: randomUUID(), input: {} };
  await engine.submit([{ kind: 'start', sagaId: id, messageId: randomUUID(), definition: tenantOnboarding, start }]);
  for (const { name } of tenantOnboarding.steps.slice(0, steps)) {
    const result = { ok: true, output: {} } as const;
    const input = { kind: 'replied', step: name, direction: 'do', attempt: 1, result } as const;
    await engine.submit([{ kind: 'input', sagaId: id, messageId: randomUUID(), input }]);
  }
  return id;
}
const all = tenantOnboarding.steps.length;

it('publishes where a saga stands, and notes when its end has been published', async () => {
  const sink = createSink();
  const publisher = publishTo(sink);
  const id = await run(createSagaEngine({ store, log, onCommitted: publisher.changed }), all);
  await until(async () => !(await isActive(id)));
  expect(sink.facts.at(-1)).toEqual({ id, revision: all + 1, status: 'succeeded' });
  const revisions = sink.facts.map(({ revision }) => revision);
  expect(revisions).toEqual([...revisions].sort((a, b) => a - b));
});

it('publishes at its start what a process that died had not, running and ended sagas alike', async () => {
  const silent = createSagaEngine({ store, log });
  const running = await run(silent, 3);
  const ended = await run(silent, all);
  const sink = createSink();
  publishTo(sink);
  await until(
    () => sink.facts.length === 2,
    20_000,
    () => sink.facts,
  );
  expect(new Map(sink.facts.map(({ id, status }) => [id, status]))).toEqual(
    new Map([
      [running, 'running'],
      [ended, 'succeeded'],
    ]),
  );
  await until(async () => !(await isActive(ended)));
  expect(await isActive(running)).toBe(true);
});

it('publishes the latest state when the broker is back', async () => {
  const sink = createSink(4);
  const publisher = publishTo(sink);
  const id = await run(createSagaEngine({ store, log, onCommitted: publisher.changed }), all);
  await until(async () => !(await isActive(id)));
  expect(sink.facts.at(-1)).toEqual({ id, revision: all + 1, status: 'succeeded' });
});

it('leaves a saga active that was taken up again before its end was noted', async () => {
  const id = await run(createSagaEngine({ store, log }), all);
  const state = (await store.load([id])).get(id)!;
  await store.retire([{ ...state, revision: state.revision - 1 }]);
  expect(await isActive(id)).toBe(true);
  await store.retire([state]);
  expect(await isActive(id)).toBe(false);
});

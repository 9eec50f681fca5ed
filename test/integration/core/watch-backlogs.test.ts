import { randomUUID } from 'node:crypto';
import { Registry } from 'prom-client';
import { publishedMetrics } from '../../../src/contracts/metrics';
import { allTopics, deadLetterTopic, topics } from '../../../src/contracts/topics';
import { tenantOnboarding } from '../../../src/domain/sagas/tenant-onboarding';
import type { Kafka } from '../../../src/platform/kafka/create-kafka';
import { createSagaEngine } from '../../../src/services/core/sagas/saga-engine';
import { createSagaStore } from '../../../src/services/core/sagas/saga-store';
import { watchBacklogs } from '../../../src/services/core/watch-backlogs';
import { type CoreDatabase, coreDatabase, createTestLog, kafkaForTest } from '../../helpers/messaging';

const { log, lines } = createTestLog();
let database: CoreDatabase;
let kafka: Kafka;
beforeAll(async () => {
  database = await coreDatabase();
  kafka = await kafkaForTest(log, `backlogs-${randomUUID()}.`);
  await kafka.ensureTopics(allTopics().filter(({ name }) => name.endsWith('.dlq')));
});
afterAll(async () => {
  await kafka.close();
  await database.drop();
});

const watched = (): Registry => {
  const metrics = new Registry();
  watchBacklogs({ store: createSagaStore(database.postgres.sql), kafka, metrics, log });
  return metrics;
};
const readMetric = async (metrics: Registry, { name }: { name: string }, label: Record<string, string>) => {
  const found = (await metrics.getMetricsAsJSON()).find((metric) => metric.name === name);
  const [key = '', value = ''] = Object.entries(label)[0] ?? [];
  return found?.values.find(({ labels }) => labels[key] === value)?.value;
};
const saga = tenantOnboarding.name;

it('tells how many sagas are at work and how old the oldest is, and of those that are over nothing', async () => {
  const metrics = watched();
  expect(await readMetric(metrics, publishedMetrics.sagasRunning, { saga })).toBe(0);
  expect(await readMetric(metrics, publishedMetrics.oldestSaga, { saga })).toBe(0);
  const store = createSagaStore(database.postgres.sql);
  const engine = createSagaEngine({ store, log, onCommitted: () => undefined });
  const [older, younger] = [randomUUID(), randomUUID()];
  for (const id of [older, younger]) {
    const start = { id, tenantId: randomUUID(), input: {} };
    await engine.submit([{ kind: 'start', sagaId: id, messageId: randomUUID(), definition: tenantOnboarding, start }]);
  }
  const age = async (id: string) =>
    database.postgres.sql.run`update saga.saga set created_at = created_at - interval '1 hour' where id = ${id}`;
  await age(older);
  expect(await readMetric(metrics, publishedMetrics.sagasRunning, { saga })).toBe(2);
  expect(await readMetric(metrics, publishedMetrics.oldestSaga, { saga })).toBeGreaterThanOrEqual(3_600);
  await database.postgres.sql.run`update saga.saga set wake_at = null where id = ${older}`;
  expect(await readMetric(metrics, publishedMetrics.sagasRunning, { saga })).toBe(1);
  expect(await readMetric(metrics, publishedMetrics.oldestSaga, { saga })).toBeLessThan(3_600);
  await engine.close();
});

it('tells how many messages are in each topic of dead letters', async () => {
  const metrics = watched();
  const topic = deadLetterTopic(topics.commandCore.name);
  expect(await readMetric(metrics, publishedMetrics.deadLetters, { topic })).toBe(0);
  const letter = { topic, key: 'k', value: '{}', headers: {} };
  await kafka.producer().send([letter, letter]);
  expect(await readMetric(metrics, publishedMetrics.deadLetters, { topic })).toBe(2);
});

it('tells what it can when Kafka is away, and says so in the log', async () => {
  const metrics = new Registry();
  const countRecords = async () => {
    throw new Error('Kafka is away');
  };
  watchBacklogs({ store: createSagaStore(database.postgres.sql), kafka: { countRecords }, metrics, log });
  const topic = deadLetterTopic(topics.commandCore.name);
  expect(await readMetric(metrics, publishedMetrics.deadLetters, { topic })).toBeUndefined();
  expect(await readMetric(metrics, publishedMetrics.sagasRunning, { saga })).toBeDefined();
  expect(lines.some((line) => line.includes('Kafka is away'))).toBe(true);
});

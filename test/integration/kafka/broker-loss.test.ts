import { randomUUID } from 'node:crypto';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { Type } from '@sinclair/typebox';
import { findEnginePaths } from '../../../local/engines/engine-paths';
import { holdFreePort } from '../../../local/engines/free-port';
import { createKafkaEngine } from '../../../local/engines/kafka-engine';
import { makeOwnedFolder } from '../../../local/engines/owned-folder';
import { type RunningProcess, startProcess } from '../../../local/engines/spawn-process';
import { event } from '../../../src/contracts/events/event';
import type { Topic } from '../../../src/contracts/topics';
import { createKafka, type Kafka } from '../../../src/platform/kafka/create-kafka';
import { createPgConsumerStore } from '../../../src/platform/kafka/create-pg-consumer-store';
import { on } from '../../../src/platform/kafka/event-handler';
import { createOutbox } from '../../../src/platform/outbox/create-outbox';
import { createOutboxRelay } from '../../../src/platform/outbox/create-outbox-relay';
import type { CoreSql } from '../../../src/platform/postgres/sql';
import { type CoreDatabase, coreDatabase, createTestLog, quickBackoff } from '../../helpers/messaging';
import { until } from '../../helpers/until';

const dir = makeOwnedFolder('kolate-test-broker-');
const { log } = createTestLog();
const topic: Topic = { name: 'thing.v1', partitions: 2, retentionMs: -1, compacted: false, consumed: true };
const retry: Topic = { ...topic, name: 'thing.v1.retry' };
const counted = event('thing.counted', topic, Type.Object({ n: Type.Integer() }));

let broker: { start(): Promise<void>; stop(): Promise<void>; kafka(): Kafka };
let database: CoreDatabase;

beforeAll(async () => {
  database = await coreDatabase();
  await database.postgres.sql.run`create table effect (seq bigint generated always as identity, n int)`;
  broker = await createBroker();
  await broker.start();
});
const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});
afterAll(async () => {
  await broker.stop();
  await database.drop();
  rmSync(dir, { recursive: true, force: true });
});

it('goes on after the broker was away: outbox, consumer, and live subscription', async () => {
  const kafka = broker.kafka();
  const { postgres } = database;
  closers.push(kafka.close);
  await kafka.ensureTopics([topic, retry]);
  expect(await kafka.ensureTopics([topic, retry])).toEqual([]);
  const relay = createOutboxRelay({
    postgres,
    schema: 'tenancy',
    producer: kafka.producer(),
    log,
    backoff: quickBackoff,
  });
  closers.unshift(relay.close);
  await kafka.runConsumer({
    group: randomUUID(),
    store: createPgConsumerStore(postgres, 'saga'),
    handlers: [
      on(counted, async ({ data }, sql: CoreSql) => void (await sql.run`insert into effect (n) values (${data.n})`)),
    ],
  });
  const live: number[] = [];
  let gaps = 0;
  await kafka.subscribeLatest({
    events: [counted],
    onGap: () => {
      gaps += 1;
    },
    onMessage: ({ data }) => void live.push((data as { n: number }).n),
  });
  const add = (n: number) =>
    createOutbox(postgres.sql, { schema: 'tenancy', source: 'test' }).add(counted, { key: 'a', data: { n } });
  const effects = async () =>
    (await postgres.sql.many<{ n: number }>`select n from effect order by seq`).map(({ n }) => n);

  await add(1);
  await until(async () => (await effects()).length === 1, 20_000, effects);
  const before = gaps;
  await broker.stop();
  await expect(kafka.ping()).rejects.toMatchObject({ code: 'KLT_DEPENDENCY_UNAVAILABLE' });
  await expect(kafka.producer().publish(counted, 'test', { key: 'a', data: { n: 0 } })).rejects.toMatchObject({
    code: 'KLT_DEPENDENCY_UNAVAILABLE',
  });
  await add(2);
  await add(3);
  await broker.start();
  await until(async () => (await effects()).length === 3, 40_000, effects);
  expect(await effects()).toEqual([1, 2, 3]);
  // What was published before the subscription was there again is missing, and it has said so.
  await until(
    () => gaps > before,
    40_000,
    () => gaps,
  );
  await until(
    async () => {
      await add(4);
      return live.includes(4);
    },
    40_000,
    () => live,
  );
  await kafka.ping();
}, 120_000);

it('says that Kafka is away when it cannot begin, within its deadline', async () => {
  await broker.stop();
  const kafka = broker.kafka();
  closers.push(kafka.close);
  const starting = kafka.runBatchConsumer({
    group: randomUUID(),
    events: [counted],
    handleBatch: async () => undefined,
    startTimeoutMs: 500,
  });
  await expect(starting).rejects.toMatchObject({ code: 'KLT_DEPENDENCY_UNAVAILABLE' });
  await expect(kafka.ensureTopics([topic])).rejects.toMatchObject({ code: 'KLT_DEPENDENCY_UNAVAILABLE' });
});

async function createBroker() {
  const [port, controller] = await Promise.all([holdFreePort(), holdFreePort()]);
  await Promise.all([port.release(), controller.release()]);
  const engine = createKafkaEngine({
    ...{ name: 'kafka', dir: join(dir, 'kafka'), port: port.port, controllerPort: controller.port },
    ...{ paths: findEnginePaths(), durable: false },
  });
  let running: RunningProcess | undefined;
  return {
    async start() {
      await engine.prepare();
      running = await startProcess(engine.spec, { pidFile: join(dir, 'kafka.pid'), logFile: join(dir, 'kafka.log') });
    },
    async stop() {
      await running?.stop();
      running = undefined;
    },
    kafka: () => createKafka({ brokers: [engine.endpoint.brokers], clientId: 'test', log, backoff: quickBackoff }),
  };
}

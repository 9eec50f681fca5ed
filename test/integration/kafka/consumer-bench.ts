import { randomUUID } from 'node:crypto';
import { Kafka as KafkaJs, logLevel } from 'kafkajs';
import type { Kafka } from '../../../src/platform/kafka/create-kafka';
import { createPgConsumerStore } from '../../../src/platform/kafka/create-pg-consumer-store';
import { on } from '../../../src/platform/kafka/event-handler';
import type { Consumer } from '../../../src/platform/kafka/group-consumer';
import type { ConsumerOptions } from '../../../src/platform/kafka/run-consumer';
import { createOutboxRelay } from '../../../src/platform/outbox/create-outbox-relay';
import type { CoreSql } from '../../../src/platform/postgres/sql';
import { testKafka } from '../../helpers/engines';
import {
  type CoreDatabase,
  coreDatabase,
  createTestLog,
  kafkaForTest,
  type NumberedEvent,
  quickBackoff,
} from '../../helpers/messaging';

type Handle = (sql: CoreSql, key: string, n: number) => unknown;

/** A database with a table of effects, a relay for retries and dead letters, and consumers that write into it. */
export async function createConsumerBench() {
  const { log, lines } = createTestLog();
  const database: CoreDatabase = await coreDatabase();
  const { postgres } = database;
  await postgres.sql.run`create table effect (seq bigint generated always as identity, key text, n int)`;
  const { brokers } = await testKafka();
  const kafka: Kafka = await kafkaForTest(log);
  const producer = kafka.producer();
  const relay = createOutboxRelay({ postgres, schema: 'saga', producer, log, backoff: quickBackoff });
  const store = createPgConsumerStore(postgres, 'saga');
  const consumers: Consumer[] = [];
  const record = (sql: CoreSql, key: string, n: number) => sql.run`insert into effect (key, n) values (${key}, ${n})`;

  return {
    log,
    lines,
    brokers,
    database,
    postgres,
    kafka,
    producer,
    store,
    record,
    /** Publishes in the order given: `['a', 1]` is number 1 with key a. */
    async publish(
      event: NumberedEvent,
      ...messages: (readonly [key: string, n: number, id?: string])[]
    ): Promise<void> {
      for (const [key, n, id] of messages) {
        await producer.publish(event, 'test', { key, data: { n }, id: id ?? randomUUID() });
      }
    },
    /** Runs a consumer whose effect is a row; `before` may fail first. */
    async consume(
      event: NumberedEvent,
      before: Handle = () => undefined,
      options: Partial<ConsumerOptions<CoreSql>> = {},
    ): Promise<Consumer> {
      const consumer = await kafka.runConsumer<CoreSql>({
        group: randomUUID(),
        store,
        handlers: [
          on(event, async ({ key, data }, sql: CoreSql) => {
            await before(sql, key, data.n);
            await record(sql, key, data.n);
          }),
        ],
        ...options,
      });
      consumers.push(consumer);
      return consumer;
    },
    /** In the order of their transactions: `a1`, `a2` … */
    async effects(): Promise<string[]> {
      const rows = await postgres.sql.many<{ key: string; n: number }>`select key, n from effect order by seq`;
      return rows.map(({ key, n }) => `${key}${n}`);
    },
    /** How many records a topic has ever had. */
    async offsetsOf(topic: string): Promise<number> {
      const admin = new KafkaJs({ brokers: [brokers], logLevel: logLevel.NOTHING }).admin();
      await admin.connect();
      const offsets = await admin.fetchTopicOffsets(topic);
      await admin.disconnect();
      return offsets.reduce((sum, { high }) => sum + Number(high), 0);
    },
    /** After each test: its consumers stopped and their effects gone. */
    async reset(): Promise<void> {
      await Promise.all(consumers.splice(0).map((consumer) => consumer.stop()));
      await postgres.sql.run`truncate effect`;
    },
    async close(): Promise<void> {
      await relay.close();
      await kafka.close();
      await database.drop();
    },
  };
}

export type ConsumerBench = Awaited<ReturnType<typeof createConsumerBench>>;

import { Writable } from 'node:stream';
import { Type } from '@sinclair/typebox';
import { type EventContract, event } from '../../src/contracts/events/event';
import { deadLetterTopic, retryTopic, type Topic } from '../../src/contracts/topics';
import { createKafka, type Kafka } from '../../src/platform/kafka/create-kafka';
import type { ReceivedRecord } from '../../src/platform/kafka/record';
import { createLogger, type Logger } from '../../src/platform/logging/create-logger';
import { createPostgres, type Postgres } from '../../src/platform/postgres/create-postgres';
import { migrate, readMigrations } from '../../src/platform/postgres/migrate';
import { testKafka, testPostgres } from './engines';

const migrationsFolder = `${__dirname}/../../migrations/core`;

/** A logger whose lines are kept for the test to look at, and shown by `KOLATE_TEST_LOG=1`. */
export function createTestLog(): { log: Logger; lines: string[] } {
  const lines: string[] = [];
  const destination = new Writable({
    write(chunk, _encoding, done) {
      lines.push(String(chunk));
      if (process.env.KOLATE_TEST_LOG) process.stderr.write(chunk);
      done();
    },
  });
  return { log: createLogger('test', process.env.KOLATE_TEST_LOG ? 'debug' : 'info', destination), lines };
}

/** Short waits without jitter, so that tests are quick. */
export const quickBackoff = (attempt: number): number => Math.min(200, 20 * 2 ** (attempt - 1));

export type CoreDatabase = { readonly url: string; readonly postgres: Postgres<'core'>; drop(): Promise<void> };

/** A database of its own with the core migrations, and a pool on it as superuser. */
export async function coreDatabase(): Promise<CoreDatabase> {
  const server = await testPostgres();
  const template = await server.template('core', async (url) => {
    const migrator = createPostgres('core', { url, name: 'test-migrate' });
    await migrate(migrator, await readMigrations(migrationsFolder));
    await migrator.close();
  });
  const database = await server.createDatabase(template);
  const postgres = createPostgres('core', { url: database.url, name: 'test', maxConnections: 12 });
  return {
    url: database.url,
    postgres,
    async drop() {
      await postgres.close();
      await database.drop();
    },
  };
}

export const Numbered = Type.Object({ n: Type.Integer() }, { additionalProperties: false });
export type NumberedEvent = EventContract<typeof Numbered>;

/** An event on a topic of its own, with its retry and dead-letter topics. */
export async function numberedEvent(type = 'thing.counted', partitions = 1): Promise<NumberedEvent> {
  const kafka = await testKafka();
  const topic: Topic = {
    name: kafka.uniqueTopic('thing.v1'),
    partitions,
    retentionMs: -1,
    compacted: false,
    consumed: true,
  };
  const admin = await kafkaForTest(createTestLog().log);
  const dead = { ...topic, name: deadLetterTopic(topic.name), partitions: 1 };
  await admin.ensureTopics([topic, { ...topic, name: retryTopic(topic.name) }, dead]);
  await admin.close();
  return event(type, topic, Numbered);
}

/** A `namespace` sets the fixed names of topics and groups apart from those of other test files. */
export async function kafkaForTest(log: Logger, namespace = ''): Promise<Kafka> {
  const { brokers } = await testKafka();
  return createKafka({ brokers: [brokers], clientId: 'test', log, backoff: quickBackoff, namespace });
}

/** Everything in a topic so far and from now on, as records; of the tests' shared broker where none is given. */
export async function readTopic(
  topic: string,
  from?: string,
): Promise<{ records: ReceivedRecord[]; close(): Promise<void> }> {
  const brokers = from ?? (await testKafka()).brokers;
  const { Kafka: KafkaJs, logLevel } = await import('kafkajs');
  const consumer = new KafkaJs({ brokers: [brokers], clientId: 'reader', logLevel: logLevel.NOTHING }).consumer({
    groupId: `reader-${Math.random()}`,
    maxWaitTimeInMs: 100,
  });
  const records: ReceivedRecord[] = [];
  await consumer.connect();
  await consumer.subscribe({ topics: [topic], fromBeginning: true });
  await consumer.run({
    eachMessage: async ({ partition, message }) => {
      const headers = Object.entries(message.headers ?? {}).map(([name, value]) => [name, Buffer.from(String(value))]);
      records.push({
        topic,
        partition,
        offset: Number(message.offset),
        key: message.key,
        value: message.value,
        headers: Object.fromEntries(headers),
      });
    },
  });
  return { records, close: () => consumer.disconnect() };
}

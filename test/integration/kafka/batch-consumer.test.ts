import { randomUUID } from 'node:crypto';
import { KolateError } from '../../../src/contracts/errors';
import { deadLetterTopic } from '../../../src/contracts/topics';
import type { Kafka } from '../../../src/platform/kafka/create-kafka';
import { headerText } from '../../../src/platform/kafka/record';
import type { BatchConsumerOptions } from '../../../src/platform/kafka/run-consumer';
import { createTestLog, kafkaForTest, type NumberedEvent, numberedEvent, readTopic } from '../../helpers/messaging';
import { until } from '../../helpers/until';

const { log } = createTestLog();
let kafka: Kafka;
let counted: NumberedEvent;
beforeAll(async () => {
  kafka = await kafkaForTest(log);
});
afterAll(() => kafka.close());
beforeEach(async () => {
  counted = await numberedEvent();
});

const publish = async (...numbers: number[]) => {
  for (const n of numbers) await kafka.producer().publish(counted, 'test', { key: 'k', data: { n } });
};
const consume = (handleBatch: BatchConsumerOptions['handleBatch'], more: Partial<BatchConsumerOptions> = {}) =>
  kafka.runBatchConsumer({ group: randomUUID(), events: [counted], handleBatch, ...more });
const numberOf = ({ data }: { data: unknown }): number => (data as { n: number }).n;

it('hands messages on together, in order and with their places', async () => {
  await publish(1, 2, 3, 4, 5);
  const batches: { n: number; offset: number }[][] = [];
  const consumer = await consume(
    async (messages) =>
      void batches.push(messages.map((message) => ({ n: numberOf(message), offset: message.offset }))),
    { maxBatch: 3 },
  );
  await until(
    () => batches.flat().length === 5,
    20_000,
    () => batches,
  );
  expect(batches).toEqual([[1, 2, 3].map((n) => ({ n, offset: n - 1 })), [4, 5].map((n) => ({ n, offset: n - 1 }))]);
  await consumer.stop();
});

it('begins where the handler says that it left the partition', async () => {
  await publish(1, 2, 3);
  const seen: number[] = [];
  const consumer = await consume(async (messages) => void seen.push(...messages.map(numberOf)), {
    position: async () => 2,
  });
  await until(() => seen.length > 0);
  expect(seen).toEqual([3]);
  await consumer.stop();
});

it('begins where Kafka says when the topic has been made anew since', async () => {
  await publish(1, 2);
  const seen: number[] = [];
  const consumer = await consume(async (messages) => void seen.push(...messages.map(numberOf)), {
    position: async () => 900,
  });
  await until(
    () => seen.length === 2,
    20_000,
    () => seen,
  );
  await consumer.stop();
});

it('tells Kafka how far it is: another member of the group does not get the same again', async () => {
  const group = randomUUID();
  await publish(1, 2);
  const seen: number[] = [];
  const take = async (messages: readonly { data: unknown }[]) => void seen.push(...messages.map(numberOf));
  const first = await consume(take, { group });
  await until(
    () => seen.length === 2,
    20_000,
    () => seen,
  );
  await first.stop();
  await publish(3);
  const second = await consume(take, { group });
  await until(
    () => seen.length >= 3,
    20_000,
    () => seen,
  );
  expect(seen).toEqual([1, 2, 3]);
  await second.stop();
});

it('handles the messages of a failed batch one by one, and puts aside only the one at fault', async () => {
  await publish(1, 2, 3);
  const handled: number[] = [];
  let tries = 0;
  const consumer = await consume(
    async (messages) => {
      if (messages.some((message) => numberOf(message) === 2)) {
        tries += messages.length === 1 ? 1 : 0;
        throw new Error('not this one');
      }
      handled.push(...messages.map(numberOf));
    },
    { attempts: 3 },
  );
  await until(
    () => handled.includes(3),
    20_000,
    () => handled,
  );
  expect(handled).toEqual([1, 3]);
  expect(tries).toBe(3);
  const reader = await readTopic(deadLetterTopic(counted.topic.name));
  await until(() => reader.records.length === 1);
  expect(reader.records[0]?.value?.toString()).toBe('{"n":2}');
  await reader.close();
  await consumer.stop();
});

it('buries what it cannot read before it hands on the rest, and what the handler gives up', async () => {
  await kafka
    .producer()
    .send([{ topic: counted.topic.name, key: 'k', value: 'no json', headers: { ce_type: counted.type } }]);
  await publish(1);
  const consumer = await consume(async ([message], tools) => {
    if (message) await tools.deadLetter(message, new KolateError('KLT_TENANT_NOT_FOUND', 'gone'));
  });
  const reader = await readTopic(deadLetterTopic(counted.topic.name));
  await until(
    () => reader.records.length === 2,
    20_000,
    () => reader.records.length,
  );
  expect(reader.records.map((record) => headerText(record, 'klt_error_code'))).toEqual([
    'KLT_EVENT_INVALID',
    'KLT_TENANT_NOT_FOUND',
  ]);
  expect(reader.records[0]?.value?.toString()).toBe('no json');
  await reader.close();
  await consumer.stop();
});

it('gives the same batch again, whole, after a dependency was away', async () => {
  await publish(1, 2);
  const calls: number[][] = [];
  const consumer = await consume(
    async (messages) => {
      calls.push(messages.map(numberOf));
      if (calls.length < 4) throw new KolateError('KLT_DEPENDENCY_UNAVAILABLE', 'away');
    },
    { attempts: 1 },
  );
  await until(
    () => calls.length === 4,
    20_000,
    () => calls,
  );
  expect(calls).toEqual([
    [1, 2],
    [1, 2],
    [1, 2],
    [1, 2],
  ]);
  await consumer.stop();
});

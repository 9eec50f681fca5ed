import { randomUUID } from 'node:crypto';
import { KolateError } from '../../../src/contracts/errors';
import { event } from '../../../src/contracts/events/event';
import { deadLetterTopic, retryTopic } from '../../../src/contracts/topics';
import { headerText } from '../../../src/platform/kafka/record';
import { Numbered, numberedEvent, readTopic } from '../../helpers/messaging';
import { until } from '../../helpers/until';
import { type ConsumerBench, createConsumerBench } from './consumer-bench';

let bench: ConsumerBench;
beforeAll(async () => {
  bench = await createConsumerBench();
});
afterAll(() => bench.close());
afterEach(() => bench.reset());

const effectsBecome = (expected: string[]) =>
  until(async () => (await bench.effects()).length >= expected.length, 20_000, bench.effects).then(async () =>
    expect(await bench.effects()).toEqual(expected),
  );
const deadLetters = async (topic: string, count: number) => {
  const reader = await readTopic(deadLetterTopic(topic));
  await until(
    () => reader.records.length >= count,
    20_000,
    () => reader.records.length,
  );
  await reader.close();
  return reader.records;
};
/** Fails `times` times for the number `n`, with `error`. */
const failing = (n: number, times: number, error: () => Error = () => new Error('not this time')) => {
  let failures = 0;
  return (_sql: unknown, _key: string, current: number) => {
    if (current === n && failures++ < times) throw error();
  };
};

it('gives each message one effect, in order, though it was published twice', async () => {
  const counted = await numberedEvent();
  const twice = randomUUID();
  await bench.publish(counted, ['a', 1], ['a', 2, twice], ['a', 2, twice], ['a', 3]);
  await bench.consume(counted);
  await effectsBecome(['a1', 'a2', 'a3']);
});

it('goes on behind the last effect when it is started again, though Kafka was not told how far it was', async () => {
  const counted = await numberedEvent();
  const group = randomUUID();
  await bench.publish(counted, ['a', 1], ['a', 2]);
  const first = await bench.consume(counted, undefined, { group });
  await effectsBecome(['a1', 'a2']);
  await first.stop();
  const { Kafka: KafkaJs } = await import('kafkajs');
  const admin = new KafkaJs({ brokers: [bench.brokers] }).admin();
  await admin.connect();
  await admin.deleteGroups([group]);
  await admin.disconnect();
  await bench.publish(counted, ['a', 3]);
  await bench.consume(counted, undefined, { group });
  await effectsBecome(['a1', 'a2', 'a3']);
});

it('skips kinds of messages that it has no handler for', async () => {
  const counted = await numberedEvent();
  const other = event('thing.renamed', counted.topic, Numbered);
  await bench.publish(other, ['a', 1]);
  await bench.publish(counted, ['a', 2]);
  await bench.consume(counted);
  await effectsBecome(['a2']);
});

it('tries a message again later, and lets later ones of its key wait while other keys go on', async () => {
  const counted = await numberedEvent();
  await bench.publish(counted, ['a', 1], ['a', 2], ['b', 3], ['a', 4]);
  await bench.consume(counted, failing(1, 2));
  await effectsBecome(['b3', 'a1', 'a2', 'a4']);
  await bench.publish(counted, ['a', 5]);
  await effectsBecome(['b3', 'a1', 'a2', 'a4', 'a5']);
  const { rows } = await bench.postgres.sql.query('select * from saga.parked_message');
  expect(rows).toEqual([]);
});

it('keeps the order of a key when a message that had waited fails in its turn', async () => {
  const counted = await numberedEvent();
  await bench.publish(counted, ['a', 1], ['a', 2], ['a', 3]);
  const first = failing(1, 2);
  const second = failing(2, 2);
  await bench.consume(counted, (sql, key, n) => {
    first(sql, key, n);
    second(sql, key, n);
  });
  await effectsBecome(['a1', 'a2', 'a3']);
});

it('sends a message to the dead letters when its tries are used up, with its bytes, and goes on with its key', async () => {
  const counted = await numberedEvent();
  await bench.publish(counted, ['a', 1], ['a', 2]);
  let tries = 0;
  await bench.consume(
    counted,
    (_sql, _key, n) => {
      if (n !== 1) return;
      tries += 1;
      throw new Error('never');
    },
    { attempts: 3 },
  );
  await effectsBecome(['a2']);
  expect(tries).toBe(3);
  const [letter] = await deadLetters(counted.topic.name, 1);
  expect(letter?.value?.toString()).toBe('{"n":1}');
  expect(letter?.key?.toString()).toBe('a');
  expect(letter && headerText(letter, 'klt_attempt')).toBe('3');
  expect(letter && headerText(letter, 'klt_error_code')).toBe('KLT_INTERNAL');
  expect(letter && headerText(letter, 'ce_type')).toBe('thing.counted');
});

it('sends what no retry can help to the dead letters at once', async () => {
  const counted = await numberedEvent();
  await bench.publish(counted, ['a', 1], ['a', 2]);
  const refuse = failing(1, 99, () => new KolateError('KLT_MIGRATION_FAILED', 'no way'));
  await bench.consume(counted, refuse);
  await effectsBecome(['a2']);
  const [letter] = await deadLetters(counted.topic.name, 1);
  expect(letter && headerText(letter, 'klt_attempt')).toBe('1');
  expect(letter && headerText(letter, 'klt_error_reason')).toBe('no way');
});

it('keeps the bytes, the key and the place of what it cannot read', async () => {
  const counted = await numberedEvent();
  const value = Buffer.from([0xff, 0x00, 0xfe, 0x7b]);
  const key = Buffer.from([0xc3, 0x28]);
  const headers = { ce_specversion: '1.0', ce_id: 'x', ce_type: counted.type, ce_source: 's', ce_time: 't' };
  await bench.publish(counted, ['a', 1]);
  await bench.producer.send([{ topic: counted.topic.name, key, value, headers }]);
  await bench.producer.send([{ topic: counted.topic.name, key: 'a', value: '{"n":"text"}', headers }]);
  await bench.publish(counted, ['a', 2]);
  await bench.consume(counted);
  await effectsBecome(['a1', 'a2']);
  const [unreadable, unfit] = await deadLetters(counted.topic.name, 2);
  expect(unreadable?.value).toEqual(value);
  expect(unreadable?.key).toEqual(key);
  expect(unreadable && headerText(unreadable, 'klt_error_code')).toBe('KLT_EVENT_INVALID');
  expect(unreadable && headerText(unreadable, 'klt_origin_topic')).toBe(counted.topic.name);
  expect(unreadable && headerText(unreadable, 'klt_origin_offset')).toBe('1');
  expect(unfit && headerText(unfit, 'klt_error_reason')).toBe('thing.counted: /n must be integer');
});

it('waits while a dependency is away, without using up tries or sending anything to the retry topic', async () => {
  const counted = await numberedEvent();
  await bench.publish(counted, ['a', 1], ['a', 2]);
  const away = failing(1, 8, () => new KolateError('KLT_DEPENDENCY_UNAVAILABLE', 'away'));
  await bench.consume(counted, away, { attempts: 2 });
  await effectsBecome(['a1', 'a2']);
  const admin = await bench.offsetsOf(retryTopic(counted.topic.name));
  expect(admin).toBe(0);
});

it('leaves the retries of other groups alone', async () => {
  const counted = await numberedEvent();
  await bench.publish(counted, ['a', 1]);
  const seenByOther: number[] = [];
  await bench.consume(counted, failing(1, 2));
  await bench.consume(counted, (_sql, _key, n) => {
    seenByOther.push(n);
    throw new KolateError('KLT_MIGRATION_FAILED', 'of no interest');
  });
  await effectsBecome(['a1']);
  await deadLetters(counted.topic.name, 1);
  expect(seenByOther).toEqual([1]);
});

it('handles several messages in one transaction, and one by one when one of them fails', async () => {
  const counted = await numberedEvent();
  const transactions = new Set<number>();
  await bench.publish(counted, ['a', 1], ['b', 2], ['c', 3], ['a', 4]);
  await bench.consume(
    counted,
    async (sql, _key, n) => {
      const { id } = await sql.one<{ id: number }>`select txid_current() as id`;
      if (n === 3) throw new KolateError('KLT_MIGRATION_FAILED', 'no');
      transactions.add(id);
    },
    { maxPerTransaction: 10 },
  );
  await effectsBecome(['a1', 'b2', 'a4']);
  await bench.publish(counted, ['a', 5], ['b', 6]);
  await effectsBecome(['a1', 'b2', 'a4', 'a5', 'b6']);
});

it('goes on with other partitions while a handler takes its time', async () => {
  const counted = await numberedEvent('thing.counted', 6);
  let release: () => void = () => undefined;
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  await bench.consume(counted, (_sql, key) => (key === 'slow' ? held : undefined), { concurrency: 2 });
  await bench.publish(counted, ['slow', 1]);
  const keys = ['b', 'c', 'd', 'e', 'f', 'g', 'h'];
  await bench.publish(counted, ...keys.map((key) => [key, 2] as const));
  await until(async () => (await bench.effects()).length >= 4, 20_000, bench.effects);
  expect(await bench.effects()).not.toContain('slow1');
  release();
  await until(async () => (await bench.effects()).length === 8, 20_000, bench.effects);
});

it('shares partitions among members, hands them over, and no message has two effects', async () => {
  const counted = await numberedEvent('thing.counted', 4);
  const group = randomUUID();
  const messages = Array.from({ length: 200 }, (_, n) => [`k${n % 17}`, n] as const);
  const first = await bench.consume(counted, undefined, { group });
  const publishing = bench.publish(counted, ...messages);
  await bench.consume(counted, undefined, { group });
  await until(async () => (await bench.effects()).length > 50, 20_000, bench.effects);
  await first.stop();
  await publishing;
  await until(
    async () => (await bench.effects()).length >= 200,
    20_000,
    async () => (await bench.effects()).length,
  );
  const effects = await bench.effects();
  expect(new Set(effects).size).toBe(200);
  expect(effects).toHaveLength(200);
  for (const key of new Set(messages.map(([each]) => each))) {
    const numbers = effects.filter((effect) => effect.startsWith(`${key}`)).map((effect) => effect);
    const ofKey = messages.filter(([each]) => each === key).map(([each, n]) => `${each}${n}`);
    expect(numbers.filter((each) => ofKey.includes(each))).toEqual(ofKey);
  }
});

it('finishes what it has begun before it stops', async () => {
  const counted = await numberedEvent();
  let begun = false;
  let release: () => void = () => undefined;
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  const consumer = await bench.consume(counted, () => {
    begun = true;
    return held;
  });
  await bench.publish(counted, ['a', 1]);
  await until(() => begun);
  const stopping = consumer.stop();
  release();
  await stopping;
  expect(await bench.effects()).toEqual(['a1']);
});

import { randomUUID } from 'node:crypto';
import { headerText, type OutgoingRecord } from '../../../src/platform/kafka/record';
import { cleanInbox } from '../../../src/platform/outbox/clean-inbox';
import { createOutbox, outboxRow } from '../../../src/platform/outbox/create-outbox';
import { createOutboxRelay, type OutboxRelay } from '../../../src/platform/outbox/create-outbox-relay';
import type { RecordSink } from '../../../src/platform/outbox/drain-outbox';
import {
  type CoreDatabase,
  coreDatabase,
  createTestLog,
  type NumberedEvent,
  numberedEvent,
  quickBackoff,
  readTopic,
} from '../../helpers/messaging';
import { until } from '../../helpers/until';
import { createConsumerBench } from './consumer-bench';

const { log } = createTestLog();
let database: CoreDatabase;
let counted: NumberedEvent;
const relays: OutboxRelay[] = [];

beforeAll(async () => {
  database = await coreDatabase();
  counted = await numberedEvent();
});
afterAll(() => database.drop());
afterEach(async () => {
  await Promise.all(relays.splice(0).map((relay) => relay.close()));
  await database.postgres.sql.run`truncate tenancy.outbox`;
});

const relayTo = (producer: RecordSink, options: { listen?: boolean; batchSize?: number } = {}): OutboxRelay => {
  const { postgres } = database;
  const relay = createOutboxRelay({ postgres, schema: 'tenancy', producer, log, backoff: quickBackoff, ...options });
  relays.push(relay);
  return relay;
};
const sink = () => {
  const sent: OutgoingRecord[] = [];
  const send = async (records: readonly OutgoingRecord[]): Promise<void> => void sent.push(...records);
  return { sent, send, numbers: () => sent.map(({ value }) => JSON.parse(String(value)).n as number) };
};
const add = (...numbers: number[]): Promise<void> =>
  database.postgres.transaction(async (sql) => {
    const outbox = createOutbox(sql, { schema: 'tenancy', source: 'test' });
    for (const n of numbers) await outbox.add(counted, { key: 'a', data: { n } });
  });
const left = async (): Promise<number> =>
  (await database.postgres.sql.one<{ n: number }>`select count(*)::int as n from tenancy.outbox`).n;

it('publishes what was committed as a CloudEvent, and nothing of what was rolled back', async () => {
  const bench = await createConsumerBench();
  relayTo(bench.producer);
  const tenantId = randomUUID();
  const id = randomUUID();
  const traceparent = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`;
  await database.postgres.transaction((sql) =>
    createOutbox(sql, { schema: 'tenancy', source: 'enterprise-info' }).add(counted, {
      ...{ key: 'a', data: { n: 1 }, id, tenantId, correlationId: 'c', causationId: 'd', traceparent },
    }),
  );
  const failed = database.postgres.transaction(async (sql) => {
    await createOutbox(sql, { schema: 'tenancy', source: 'test' }).add(counted, { key: 'a', data: { n: 2 } });
    throw new Error('rolled back');
  });
  await expect(failed).rejects.toThrow('rolled back');
  await add(3);
  const reader = await readTopic(counted.topic.name);
  await until(() => reader.records.length >= 2);
  const [first, second] = reader.records;
  expect(
    Object.fromEntries(Object.entries(first?.headers ?? {}).map(([name, value]) => [name, String(value)])),
  ).toEqual({
    ce_specversion: '1.0',
    ce_id: id,
    ce_type: 'thing.counted',
    ce_source: 'enterprise-info',
    ce_time: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
    ce_tenantid: tenantId,
    ce_correlationid: 'c',
    ce_causationid: 'd',
    ce_traceparent: traceparent,
    'content-type': 'application/json',
  });
  expect(second?.value?.toString()).toBe('{"n": 3}');
  await reader.close();
  await bench.close();
});

it('refuses data that do not fit the contract', async () => {
  expect(() => outboxRow(counted, 'test', { key: 'a', data: { n: 1.5 } })).toThrow('thing.counted: /n must be integer');
});

it('is told of new rows, and keeps their order over several batches', async () => {
  const target = sink();
  relayTo(target, { batchSize: 3 });
  await until(async () => (await left()) === 0);
  for (let n = 0; n < 10; n++) await add(n);
  await until(() => target.sent.length === 10, 20_000, target.numbers);
  expect(target.numbers()).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  await until(async () => (await left()) === 0);
});

it('publishes what was there when it started, and what it is poked for without a listener', async () => {
  await add(1);
  const target = sink();
  const relay = relayTo(target, { listen: false });
  await until(() => target.sent.length === 1);
  await add(2);
  relay.poke();
  await until(() => target.sent.length === 2, 20_000, target.numbers);
});

it('keeps the rows while the broker is away, and publishes them in order when it is back', async () => {
  const target = sink();
  let refusals = 3;
  relayTo({
    send: async (records) => {
      if (refusals-- > 0) throw new Error('no broker');
      await target.send(records);
    },
  });
  await add(1, 2);
  await add(3);
  await until(() => target.sent.length === 3, 20_000, target.numbers);
  expect(target.numbers()).toEqual([1, 2, 3]);
});

it('publishes again, with the same id, what was sent when the relay died before the rows were deleted', async () => {
  const target = sink();
  await add(1, 2);
  let died = false;
  relayTo({
    async send(records) {
      await target.send(records);
      if (died) return;
      died = true;
      throw new Error('killed between sending and deleting');
    },
  });
  await until(() => target.sent.length === 4, 20_000, target.numbers);
  const ids = target.sent.map(({ headers }) => headers.ce_id);
  expect(ids.slice(0, 2)).toEqual(ids.slice(2));
  await until(async () => (await left()) === 0);
});

it('gives a message one effect though the relay died between sending and deleting', async () => {
  const bench = await createConsumerBench();
  let deaths = 2;
  relayTo({
    async send(records) {
      await bench.producer.send(records);
      if (deaths-- > 0) throw new Error('killed between sending and deleting');
    },
  });
  const event = await numberedEvent();
  await database.postgres.transaction((sql) =>
    createOutbox(sql, { schema: 'tenancy', source: 'test' }).addRows(
      [1, 2, 3].map((n) => outboxRow(event, 'test', { key: 'a', data: { n } })),
    ),
  );
  await bench.consume(event);
  await until(async () => (await bench.offsetsOf(event.topic.name)) === 9);
  await bench.publish(event, ['a', 4]);
  await until(async () => (await bench.effects()).includes('a4'), 20_000, bench.effects);
  expect(await bench.effects()).toEqual(['a1', 'a2', 'a3', 'a4']);
  await bench.reset();
  await bench.close();
});

it('lets one of several relays work at a time, and another take over', async () => {
  const target = sink();
  let busy = 0;
  let overlaps = 0;
  const shared: RecordSink = {
    async send(records) {
      busy += 1;
      if (busy > 1) overlaps += 1;
      await new Promise((resolve) => setImmediate(resolve));
      await target.send(records);
      busy -= 1;
    },
  };
  const first = relayTo(shared, { batchSize: 2 });
  relayTo(shared, { batchSize: 2 });
  for (let n = 0; n < 20; n++) await add(n);
  await first.close();
  for (let n = 20; n < 30; n++) await add(n);
  await until(() => target.sent.length === 30, 20_000, target.numbers);
  expect(overlaps).toBe(0);
  expect(target.numbers()).toEqual(Array.from({ length: 30 }, (_, n) => n));
});

it('leaves the outbox to another process that is at it, and takes it over when that has ended', async () => {
  const other = await database.postgres.pool.connect();
  await other.query("begin; select pg_advisory_xact_lock(hashtext('outbox'), hashtext('tenancy'))");
  const target = sink();
  const relay = relayTo(target);
  await add(1);
  relay.poke();
  // Long enough for it to have looked: it asks for the lock whenever it is poked.
  for (let look = 0; look < 5; look++) {
    relay.poke();
    await add(2 + look);
  }
  expect(target.sent).toEqual([]);
  await other.query('commit');
  other.release();
  await until(() => target.sent.length === 6, 20_000, target.numbers);
});

it('passes raw rows on with bytes, key and headers as they were', async () => {
  const bench = await createConsumerBench();
  const { insertRows, rawRow } = await import('../../../src/platform/outbox/create-outbox');
  const value = Buffer.from([0, 1, 2, 0xff]);
  const key = Buffer.from([0xff, 0xfe]);
  const record = { topic: counted.topic.name, key, value, headers: { text: 'ž', bytes: Buffer.from([0xc3, 0x28]) } };
  const target = sink();
  relayTo(target);
  await insertRows(database.postgres.sql, 'tenancy', [rawRow(record)]);
  await until(() => target.sent.length === 1);
  expect(target.sent[0]).toEqual(record);
  await bench.close();
});

it('forgets what was seen long ago, a bounded number of rows at a time', async () => {
  const { sql } = database.postgres;
  await sql.run`insert into tenancy.inbox (consumer, message_id, seen_at)
    select 'c', n::text, now() - case when n <= 25 then interval '40 days' else interval '1 day' end
    from generate_series(1, 30) n`;
  const clean = () =>
    cleanInbox(sql, { schema: 'tenancy', olderThanMs: 31 * 86_400_000, batchSize: 10, maxBatches: 2 });
  expect(await clean()).toBe(20);
  expect(await clean()).toBe(5);
  expect(await clean()).toBe(0);
  expect((await sql.one<{ n: number }>`select count(*)::int as n from tenancy.inbox`).n).toBe(5);
});

it('forwards headers that it reads as text', () => {
  expect(headerText({ headers: { a: Buffer.from('ž') } }, 'a')).toBe('ž');
});

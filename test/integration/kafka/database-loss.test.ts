import { randomUUID } from 'node:crypto';
import { retryTopic } from '../../../src/contracts/topics';
import { createPgConsumerStore } from '../../../src/platform/kafka/create-pg-consumer-store';
import { createOutbox } from '../../../src/platform/outbox/create-outbox';
import { createOutboxRelay } from '../../../src/platform/outbox/create-outbox-relay';
import { createPostgres, type Postgres } from '../../../src/platform/postgres/create-postgres';
import { type CuttableProxy, createCuttableProxy } from '../../helpers/cuttable-proxy';
import { numberedEvent, quickBackoff } from '../../helpers/messaging';
import { until } from '../../helpers/until';
import { type ConsumerBench, createConsumerBench } from './consumer-bench';

let bench: ConsumerBench;
let proxy: CuttableProxy;
let postgres: Postgres<'core'>;

beforeAll(async () => {
  bench = await createConsumerBench();
  const url = new URL(bench.database.url);
  proxy = await createCuttableProxy({ host: url.hostname, port: Number(url.port) });
  const through = Object.assign(new URL(url), { port: String(proxy.port) }).href;
  postgres = createPostgres('core', { url: through, name: 'through-proxy' });
});
afterAll(async () => {
  await postgres.close();
  await proxy.close();
  await bench.close();
});
afterEach(async () => {
  proxy.mend();
  await bench.reset();
});

it('waits for a database that is away, then goes on: one effect each, in order, no tries used', async () => {
  const counted = await numberedEvent();
  const store = createPgConsumerStore(postgres, 'saga');
  await bench.consume(counted, undefined, { store, attempts: 1 });
  await bench.publish(counted, ['a', 1]);
  await until(async () => (await bench.effects()).length === 1, 20_000, bench.effects);
  proxy.cut();
  await bench.publish(counted, ['a', 2], ['a', 3]);
  await until(() => bench.lines.some((line) => line.includes('the partition waits')));
  proxy.mend();
  await until(async () => (await bench.effects()).length === 3, 20_000, bench.effects);
  expect(await bench.effects()).toEqual(['a1', 'a2', 'a3']);
  expect(await bench.offsetsOf(retryTopic(counted.topic.name))).toBe(0);
});

it('has no effect of a transaction whose connection was lost, and makes up for it', async () => {
  const counted = await numberedEvent();
  const store = createPgConsumerStore(postgres, 'saga');
  let lost = false;
  await bench.publish(counted, ['a', 1], ['a', 2]);
  await bench.consume(
    counted,
    async (sql, key, n) => {
      if (n !== 2 || lost) return;
      lost = true;
      // The effect is there, the commit will not be.
      await bench.record(sql, key, 999);
      proxy.cut();
      setTimeout(proxy.mend, 50);
    },
    { store },
  );
  await until(async () => (await bench.effects()).length >= 2, 20_000, bench.effects);
  expect(await bench.effects()).toEqual(['a1', 'a2']);
});

it('publishes the outbox again after its database was away', async () => {
  const counted = await numberedEvent();
  const relay = createOutboxRelay({
    postgres,
    schema: 'tenancy',
    producer: bench.producer,
    log: bench.log,
    backoff: quickBackoff,
  });
  const add = (n: number) =>
    createOutbox(bench.postgres.sql, { schema: 'tenancy', source: 'test' }).add(counted, {
      key: 'a',
      data: { n },
      id: randomUUID(),
    });
  await add(1);
  await until(async () => (await bench.offsetsOf(counted.topic.name)) === 1);
  proxy.cut();
  await add(2);
  await until(() => bench.lines.some((line) => line.includes('the outbox could not be published')));
  proxy.mend();
  await until(async () => (await bench.offsetsOf(counted.topic.name)) === 2);
  await add(3);
  await until(async () => (await bench.offsetsOf(counted.topic.name)) === 3);
  await relay.close();
});

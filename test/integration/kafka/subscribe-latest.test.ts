import { randomUUID } from 'node:crypto';
import type { Kafka } from '../../../src/platform/kafka/create-kafka';
import { createTestLog, kafkaForTest, type NumberedEvent, numberedEvent } from '../../helpers/messaging';
import { until } from '../../helpers/until';

const { log } = createTestLog();
let kafka: Kafka;
beforeAll(async () => {
  kafka = await kafkaForTest(log);
});
afterAll(() => kafka.close());

const publish = (counted: NumberedEvent, n: number) =>
  kafka.producer().publish(counted, 'test', { key: `k${n}`, data: { n }, id: randomUUID() });

it('sees everything published after it has begun, in each process, and nothing from before', async () => {
  const counted = await numberedEvent('thing.counted', 6);
  await publish(counted, 0);
  const seen: string[] = [];
  const subscribe = (name: string) =>
    kafka.subscribeLatest({
      events: [counted],
      onGap: () => undefined,
      onMessage: ({ key }) => void seen.push(`${name}:${key}`),
    });
  const [first, second] = await Promise.all([subscribe('first'), subscribe('second')]);
  for (let n = 1; n <= 10; n++) await publish(counted, n);
  await until(
    () => seen.length === 20,
    20_000,
    () => seen,
  );
  for (const name of ['first', 'second']) {
    const keys = seen.filter((each) => each.startsWith(name)).map((each) => each.slice(name.length + 1));
    expect(keys.sort()).toEqual(['k1', 'k10', 'k2', 'k3', 'k4', 'k5', 'k6', 'k7', 'k8', 'k9']);
  }
  await first.stop();
  await second.stop();
});

it('says that something may have been missed: at the beginning, and when a message could not be taken in', async () => {
  const counted = await numberedEvent();
  let gaps = 0;
  const seen: string[] = [];
  const subscription = await kafka.subscribeLatest({
    events: [counted],
    onGap: () => {
      gaps += 1;
    },
    onMessage: ({ key }) => {
      seen.push(key);
      if (key === 'k1') throw new Error('could not');
    },
  });
  expect(gaps).toBeGreaterThan(0);
  const before = gaps;
  await publish(counted, 1);
  await publish(counted, 2);
  await until(
    () => seen.length === 2,
    20_000,
    () => seen,
  );
  expect(gaps).toBe(before + 1);
  await subscription.stop();
});

import { Counter, Gauge, Registry } from 'prom-client';
import { publishedMetrics } from '../../../src/contracts/metrics';
import { objectives } from '../../../src/contracts/objectives';
import { consumerMetrics, countHandled } from '../../../src/platform/kafka/consumer-metrics';
import { publishMetrics } from '../../../src/platform/telemetry/publish-metrics';
import { createTestLog } from '../../helpers/messaging';
import { until } from '../../helpers/until';

const { messagesHandled, oldestSaga, predictionRecords } = publishedMetrics;
const at = 1_800_000_000_000;

function setUp(more: { namespace?: string; everyMs?: number } = { namespace: 'kolate-test/services' }) {
  const registry = new Registry();
  const { log, lines } = createTestLog();
  const publisher = publishMetrics({
    ...{ registry, log, service: 'core', namespace: undefined, everyMs: 3_600_000, now: () => at },
    ...more,
  });
  return { registry, publisher, read: () => lines.map((line) => JSON.parse(line) as Record<string, unknown>) };
}
const counterIn = (registry: Registry, name: string, ...labelNames: string[]) =>
  new Counter({ name, help: name, labelNames, registers: [registry] });

it('writes what CloudWatch makes metrics of, with the service and the label that is kept as dimensions', async () => {
  const { registry, publisher, read } = setUp();
  new Gauge({ name: oldestSaga.name, help: 'age', labelNames: ['saga'], registers: [registry] }).set({ saga: 'a' }, 12);
  await publisher.close();
  expect(read()).toEqual([
    expect.objectContaining({
      _aws: {
        Timestamp: at,
        CloudWatchMetrics: [
          {
            Namespace: 'kolate-test/services',
            Dimensions: [['service', 'saga']],
            Metrics: [{ Name: oldestSaga.name, Unit: 'Seconds' }],
          },
        ],
      },
      service: 'core',
      saga: 'a',
      [oldestSaga.name]: 12,
    }),
  ]);
});

it('adds up over labels that are not kept, and tells of a counter what came since the last time', async () => {
  const { registry, publisher, read } = setUp({ namespace: 'n', everyMs: 5 });
  const counter = counterIn(registry, messagesHandled.name, 'group', 'topic');
  counter.inc({ group: 'g', topic: 'one' }, 2);
  counter.inc({ group: 'g', topic: 'two' }, 3);
  const sums = () => read().map((line) => Number(line[messagesHandled.name]));
  await until(() => sums().length > 0);
  expect(sums()[0]).toBe(5);
  counter.inc({ group: 'g', topic: 'two' }, 4);
  await publisher.close();
  expect(sums().reduce((sum, each) => sum + each, 0)).toBe(9);
});

it('publishes nothing without a namespace, and nothing that is not in the contract', async () => {
  const quiet = setUp({});
  counterIn(quiet.registry, predictionRecords.name, 'outcome').inc({ outcome: 'sent' });
  await quiet.publisher.close();
  expect(quiet.read()).toEqual([]);
  const { registry, publisher, read } = setUp();
  counterIn(registry, 'kolate_other_total', 'tenant').inc({ tenant: 't' });
  await publisher.close();
  expect(read()).toEqual([]);
});

it('does not let a label without bound become a bill', async () => {
  const { registry, publisher, read } = setUp();
  const counter = counterIn(registry, predictionRecords.name, 'outcome');
  for (let each = 0; each < 60; each++) counter.inc({ outcome: `o${each}` });
  await publisher.close();
  expect(read().filter((line) => '_aws' in line)).toHaveLength(50);
  expect(read()).toContainEqual(
    expect.objectContaining({ level: 'warn', metric: predictionRecords.name, dropped: 10 }),
  );
});

it('goes on when a metric cannot be read', async () => {
  const { registry, publisher, read } = setUp({ namespace: 'n', everyMs: 5 });
  let fails = true;
  new Gauge({
    name: oldestSaga.name,
    help: 'age',
    labelNames: ['saga'],
    registers: [registry],
    collect() {
      if (fails) throw new Error('away');
      this.set({ saga: 'a' }, 1);
    },
  });
  await until(() => read().some(({ level }) => level === 'warn'));
  fails = false;
  await until(() => read().some((line) => '_aws' in line));
  await publisher.close();
});

it('counts as late what had its effect after the time of the objective', async () => {
  const registry = new Registry();
  const metrics = consumerMetrics(registry);
  const time = (ageMs: number) => ({ time: new Date(at - ageMs).toISOString() });
  const { withinMs } = objectives.messages;
  countHandled(metrics, { group: 'g', topic: 't' }, [time(0), time(withinMs), time(withinMs + 1)], at);
  expect((await metrics.handled.get()).values[0]?.value).toBe(3);
  expect((await metrics.late.get()).values[0]?.value).toBe(1);
});

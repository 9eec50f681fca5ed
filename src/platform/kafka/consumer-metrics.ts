import { Counter, Gauge, type Registry } from 'prom-client';
import type { Message } from '../../contracts/events/event';
import { objectives } from '../../contracts/objectives';

export type ConsumerMetrics = {
  readonly handled: Counter<'group' | 'topic'>;
  /** Of those, the ones whose effect came later after the fact than the objective says. */
  readonly late: Counter<'group' | 'topic'>;
  /** Had been handled before: no effect. */
  readonly duplicates: Counter<'group' | 'topic'>;
  readonly retried: Counter<'group' | 'topic'>;
  readonly dead: Counter<'group' | 'topic'>;
  /** Waits because something that the handler needs was away. */
  readonly stalls: Counter<'group' | 'topic'>;
  /** Records between the last one taken and the end of the partition. */
  readonly lag: Gauge<'group' | 'topic' | 'partition'>;
};

const known = new WeakMap<Registry, ConsumerMetrics>();

/** The counters of all consumers of a process, registered once. */
export function consumerMetrics(registry: Registry): ConsumerMetrics {
  const metrics = known.get(registry) ?? register([registry]);
  known.set(registry, metrics);
  return metrics;
}

/** For consumers that nobody watches. */
export const unregisteredMetrics = (): ConsumerMetrics => register([]);

function register(registers: Registry[]): ConsumerMetrics {
  const counter = (name: string, help: string) =>
    new Counter({ name: `kolate_consumer_${name}_total`, help, labelNames: ['group', 'topic'] as const, registers });
  return {
    handled: counter('handled', 'Messages whose effect was committed'),
    late: counter('late', `Of those, later than ${objectives.messages.withinMs} ms after the fact`),
    duplicates: counter('duplicates', 'Messages that had been handled before'),
    retried: counter('retried', 'Messages sent to the retry topic'),
    dead: counter('dead', 'Messages sent to the dead letters'),
    stalls: counter('stalls', 'Waits for a dependency that was away'),
    lag: new Gauge({
      name: 'kolate_consumer_lag',
      help: 'Records between the last one taken and the end of the partition',
      labelNames: ['group', 'topic', 'partition'] as const,
      registers,
    }),
  };
}

/** Counts messages of one topic whose effect has been committed `now` (Unix ms). */
export function countHandled(
  { handled, late }: ConsumerMetrics,
  labels: { readonly group: string; readonly topic: string },
  messages: readonly Pick<Message, 'time'>[],
  now: number,
): void {
  if (messages.length === 0) return;
  const latest = now - objectives.messages.withinMs;
  let behind = 0;
  for (const { time } of messages) if (Date.parse(time) < latest) behind++;
  handled.inc(labels, messages.length);
  // With none of them too: a share needs both numbers.
  late.inc(labels, behind);
}

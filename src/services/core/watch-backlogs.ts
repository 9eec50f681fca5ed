import { Gauge, type Registry } from 'prom-client';
import { type PublishedMetric, publishedMetrics } from '../../contracts/metrics';
import { deadLetterTopics } from '../../contracts/topics';
import { sagas } from '../../domain/sagas/all-sagas';
import type { Kafka } from '../../platform/kafka/create-kafka';
import type { Logger } from '../../platform/logging/create-logger';
import type { SagaStore } from './sagas/saga-store';

type Deps = {
  readonly store: Pick<SagaStore, 'running'>;
  readonly kafka: Pick<Kafka, 'countRecords'>;
  readonly metrics: Registry;
  readonly log: Logger;
};

/**
 * Registers what waits in the whole platform: sagas at work with the age of the oldest, and dead letters. It is read when
 * metrics are asked for; each process of this service tells the same, and what cannot be read is not told.
 */
export function watchBacklogs({ store, kafka, metrics, log }: Deps): void {
  const gauge = (metric: PublishedMetric, help: string, read: () => Promise<Iterable<readonly [string, number]>>) => {
    const [label = ''] = metric.by;
    new Gauge({
      name: metric.name,
      help,
      labelNames: [label],
      registers: [metrics],
      async collect() {
        this.reset();
        try {
          for (const [name, value] of await read()) this.set({ [label]: name }, value);
        } catch (error) {
          log.warn({ err: error, metric: metric.name }, 'a metric could not be read');
        }
      },
    });
  };
  const deadLetterNames = deadLetterTopics().map(({ name }) => name);
  const running = joined(store.running);
  const ofSagas = (value: 'count' | 'oldest_seconds') => async () => {
    const found = new Map((await running()).map((row) => [row.saga, row[value]]));
    return [...sagas.keys()].map((saga) => [saga, found.get(saga) ?? 0] as const);
  };
  gauge(publishedMetrics.sagasRunning, 'Sagas at work', ofSagas('count'));
  gauge(publishedMetrics.oldestSaga, 'Age of the oldest saga at work', ofSagas('oldest_seconds'));
  gauge(publishedMetrics.deadLetters, 'Messages in topics of dead letters', () => kafka.countRecords(deadLetterNames));
}

/** Whoever asks while it is being read gets the same answer. */
function joined<T>(read: () => Promise<T>): () => Promise<T> {
  let reading: Promise<T> | undefined;
  return () => {
    reading ??= read().finally(() => {
      reading = undefined;
    });
    return reading;
  };
}

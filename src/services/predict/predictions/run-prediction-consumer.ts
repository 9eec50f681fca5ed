import { Counter, type Registry } from 'prom-client';
import { KolateError } from '../../../contracts/errors';
import { predictionCompleted } from '../../../contracts/events/predict-events';
import { retryTopic } from '../../../contracts/topics';
import type { BatchMessage, BatchTools } from '../../../platform/kafka/batch-loop';
import type { Kafka } from '../../../platform/kafka/create-kafka';
import type { Backoff } from '../../../platform/kafka/record';
import { readRetryState } from '../../../platform/kafka/retry-headers';
import type { Logger } from '../../../platform/logging/create-logger';
import type { Shards } from '../../../platform/tenancy/shards';
import { createBatchStore } from './store-batch';

export type PredictionConsumerOptions = {
  readonly kafka: Pick<Kafka, 'producer' | 'runBatchConsumer'>;
  readonly openShards: (tenantId: string) => Promise<Shards>;
  readonly metrics: Registry;
  readonly log: Logger;
  /** Of records whose tenant's database does not answer. */
  readonly backoff: Backoff;
  readonly attempts?: number;
  readonly restMs?: number;
  /** For tests, which share a broker. */
  readonly group?: string;
  readonly topic?: string;
};

/** With a bound of a minute between two tries: about four hours. */
const defaultAttempts = 250;

/**
 * Stores predictions in their tenants' databases, each once: from their topic, and from its retry topic those that had to
 * wait.
 */
export async function runPredictionConsumer(options: PredictionConsumerOptions): Promise<{ stop(): Promise<void> }> {
  const { kafka, metrics, group = 'predict-recorder', topic = predictionCompleted.topic.name } = options;
  const stored = new Counter({
    name: 'kolate_predictions_recorded_total',
    help: 'Records of predictions by what became of them: stored, seen, set_aside, dead, dropped',
    labelNames: ['outcome'] as const,
    registers: [metrics],
  });
  const store = createBatchStore({
    ...options,
    consumer: group,
    producer: kafka.producer(),
    attempts: options.attempts ?? defaultAttempts,
    restMs: options.restMs ?? 5_000,
    stored,
    now: Date.now,
  });
  const eventFrom = (name: string) => ({ ...predictionCompleted, topic: { ...predictionCompleted.topic, name } });
  const main = await kafka.runBatchConsumer({ group, events: [eventFrom(topic)], handleBatch: store, metrics });
  const retries = await kafka.runBatchConsumer({
    group: `${group}.retry`,
    events: [eventFrom(retryTopic(topic))],
    handleBatch: (messages, tools) => storeWhenDue(messages.filter(isOurs(group)), tools, store),
    metrics,
  });
  return { stop: async () => void (await Promise.all([main.stop(), retries.stop()])) };
}

// The retry topic is shared by all groups that read the main one.
const isOurs =
  (group: string) =>
  ({ record }: BatchMessage): boolean =>
    readRetryState(record).group === group;

/** In order, since what is behind the position counts as stored: each run of records that are due is stored together. */
async function storeWhenDue(
  messages: readonly BatchMessage[],
  tools: BatchTools,
  store: (messages: readonly BatchMessage[], tools: BatchTools) => Promise<void>,
): Promise<void> {
  for (let from = 0; from < messages.length; ) {
    await waitUntil(notBefore(messages[from]), tools);
    const now = Date.now();
    let to = from + 1;
    while (to < messages.length && notBefore(messages[to]) <= now) to++;
    await store(messages.slice(from, to), tools);
    from = to;
  }
}

const notBefore = (message: BatchMessage | undefined): number =>
  message ? readRetryState(message.record).notBefore : 0;

const lookMs = 250;

/** @throws KolateError KLT_DEPENDENCY_UNAVAILABLE when the consumer stops first: the rest of the batch comes again */
async function waitUntil(at: number, tools: BatchTools): Promise<void> {
  for (;;) {
    if (!tools.isCurrent()) throw new KolateError('KLT_DEPENDENCY_UNAVAILABLE', 'the consumer stops');
    const early = at - Date.now();
    if (early <= 0) return;
    await new Promise((resolve) => setTimeout(resolve, Math.min(early, lookMs)));
  }
}

import type { Registry } from 'prom-client';
import { operationCancelRequested, operationRetryRequested } from '../../../contracts/events/saga-messages';
import type { BatchMessage } from '../../../platform/kafka/batch-loop';
import type { Kafka } from '../../../platform/kafka/create-kafka';
import type { Consumer } from '../../../platform/kafka/group-consumer';
import type { SagaEngine } from './saga-engine';
import { sagaEvents, toRequest } from './saga-requests';
import { consumerName, type SagaStore } from './saga-store';

export type SagaConsumerOptions = {
  readonly kafka: Pick<Kafka, 'runBatchConsumer'>;
  readonly store: SagaStore;
  readonly engine: SagaEngine;
  readonly metrics: Registry;
};

const requests = new Set([operationRetryRequested.type, operationCancelRequested.type]);

/** Hands facts, replies and operators' requests to the saga engine; each batch and its position are one submission. */
export function runSagaConsumer({ kafka, store, engine, metrics }: SagaConsumerOptions): Promise<Consumer> {
  const refuseUnknown = async (messages: readonly BatchMessage[]): Promise<void> => {
    const asked = messages.filter(({ type }) => requests.has(type)).map(toRequest);
    if (asked.length === 0) return;
    const known = await store.load(asked.map(({ sagaId }) => sagaId));
    const unknown = asked.find(({ sagaId }) => !known.has(sagaId));
    // The fact that starts it comes on another topic and may be a little later: tried again, and dead in the end.
    if (unknown) throw new Error(`operation ${unknown.sagaId} has not begun`);
  };
  return kafka.runBatchConsumer({
    group: consumerName,
    events: sagaEvents,
    maxBatch: 256,
    metrics,
    position: store.position,
    async handleBatch(messages) {
      const last = messages.at(-1);
      if (!last) return;
      await refuseUnknown(messages);
      const { topic, partition, offset } = last;
      await engine.submit(messages.map(toRequest), { topic, partition, next: offset + 1 });
    },
  });
}

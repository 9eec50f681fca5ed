import type { Registry } from 'prom-client';
import type { Kafka } from '../../../platform/kafka/create-kafka';
import type { Backoff } from '../../../platform/kafka/record';
import type { Logger } from '../../../platform/logging/create-logger';
import { cleanInbox } from '../../../platform/outbox/clean-inbox';
import { createOutboxRelay } from '../../../platform/outbox/create-outbox-relay';
import type { Postgres } from '../../../platform/postgres/create-postgres';
import { createProgressPublisher } from './progress-publisher';
import { runSagaConsumer } from './saga-consumer';
import { createSagaEngine } from './saga-engine';
import { createSagaStore } from './saga-store';
import { createSagaTimers } from './saga-timers';

export type SagasOptions = {
  readonly postgres: Postgres<'core'>;
  readonly kafka: Kafka;
  readonly log: Logger;
  readonly backoff: Backoff;
  readonly metrics: Registry;
};

const schema = 'saga';
const day = 86_400_000;
const cleanEveryMs = 600_000;
/** Longer than replies and requests stay in their topics. */
const inboxAgeMs = 31 * day;

/**
 * The saga engine at work: it follows the facts that start sagas, replies and operators' requests, wakes what is due,
 * and publishes commands and progress.
 * @returns `close`, which ends intake first and drains what was taken in
 */
export async function startSagas(options: SagasOptions): Promise<{ close(): Promise<void> }> {
  const { postgres, kafka, log, backoff, metrics } = options;
  const store = createSagaStore(postgres.sql);
  const relay = createOutboxRelay({ postgres, schema, producer: kafka.producer(), log, backoff, listen: false });
  const progress = createProgressPublisher({ store, producer: kafka.producer(), log, backoff });
  const engine = createSagaEngine({
    store,
    log,
    onCommitted(states) {
      relay.poke();
      progress.changed(states);
      timers.expect(states);
    },
  });
  const timers = createSagaTimers({ store, engine, backoff, log });
  const cleaner = setInterval(() => {
    cleanInbox(postgres.sql, { schema, olderThanMs: inboxAgeMs }).catch((error: unknown) =>
      log.warn({ err: error }, 'the inbox could not be cleaned'),
    );
  }, cleanEveryMs);
  const close = async (): Promise<void> => {
    clearInterval(cleaner);
    await timers.close();
    await engine.close();
    await relay.close();
    await progress.close();
  };
  try {
    const consumer = await runSagaConsumer({ kafka, store, engine, metrics });
    return {
      async close() {
        await consumer.stop();
        await close();
      },
    };
  } catch (error) {
    await close();
    throw error;
  }
}

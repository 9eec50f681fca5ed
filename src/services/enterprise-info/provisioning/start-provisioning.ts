import type { Registry } from 'prom-client';
import { forgetOldKeys } from '../../../platform/http/idempotency';
import type { IdentityDirectory } from '../../../platform/identity/identity-directory';
import type { Kafka } from '../../../platform/kafka/create-kafka';
import { createPgConsumerStore } from '../../../platform/kafka/create-pg-consumer-store';
import type { Backoff } from '../../../platform/kafka/record';
import type { Logger } from '../../../platform/logging/create-logger';
import { cleanInbox } from '../../../platform/outbox/clean-inbox';
import { createOutboxRelay } from '../../../platform/outbox/create-outbox-relay';
import type { Postgres } from '../../../platform/postgres/create-postgres';
import type { Tracer } from '../../../platform/telemetry/tracer';
import { projectOperation } from '../operations/project-operation';
import { schema, serviceName } from '../outbox';
import { createClientFollower } from './client-follows-state';
import { createStepWorker, labelOf } from './create-step-worker';
import type { Steps } from './step';
import { createStepHandlers } from './step-consumer';

export type ProvisioningOptions = {
  readonly core: Postgres<'core'>;
  readonly kafka: Kafka;
  readonly steps: Steps;
  readonly directory: IdentityDirectory;
  readonly log: Logger;
  readonly backoff: Backoff;
  readonly metrics: Registry;
  readonly tracer?: Tracer | undefined;
};

const cleanEveryMs = 600_000;
/** Longer than commands and facts stay in their topics. */
const inboxAgeMs = 31 * 86_400_000;

/**
 * Everything that goes on without a request: steps of sagas, news of operations, the outbox, tidying.
 * @returns `close`, which ends intake first and drains what was taken in
 */
export async function startProvisioning(options: ProvisioningOptions): Promise<{ close(): Promise<void> }> {
  const { core, kafka, steps, directory, log, backoff, metrics, tracer } = options;
  const relay = createOutboxRelay({ postgres: core, schema, producer: kafka.producer(), log, backoff });
  const worker = createStepWorker({ core, steps, log, tracer });
  const cleaner = setInterval(() => {
    Promise.all([cleanInbox(core.sql, { schema, olderThanMs: inboxAgeMs }), forgetOldKeys(core.sql, schema)]).catch(
      (error: unknown) => log.warn({ err: error }, 'old rows could not be cleaned'),
    );
  }, cleanEveryMs);
  const close = async (): Promise<void> => {
    clearInterval(cleaner);
    await worker.close();
    await relay.close();
  };
  try {
    const consumer = await kafka.runConsumer({
      group: serviceName,
      handlers: [
        ...createStepHandlers(steps, {
          now: Date.now,
          tracer,
          onFailure: (context, error) => log.warn({ err: error, ...labelOf(context) }, 'step failed'),
        }),
        projectOperation,
        ...createClientFollower(core, directory),
      ],
      store: createPgConsumerStore(core, schema),
      metrics,
    });
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

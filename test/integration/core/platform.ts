import { randomUUID } from 'node:crypto';
import { Registry } from 'prom-client';
import {
  operationCancelRequested,
  operationProgressed,
  operationRetryRequested,
  stepFailed,
  stepSucceeded,
} from '../../../src/contracts/events/saga-messages';
import { tenantRequested } from '../../../src/contracts/events/tenant-events';
import type { Operation } from '../../../src/contracts/http/operations';
import { allTopics } from '../../../src/contracts/topics';
import { stepCommands } from '../../../src/domain/sagas/all-sagas';
import type { Kafka } from '../../../src/platform/kafka/create-kafka';
import { createPgConsumerStore } from '../../../src/platform/kafka/create-pg-consumer-store';
import { on } from '../../../src/platform/kafka/event-handler';
import { createOutbox } from '../../../src/platform/outbox/create-outbox';
import { createOutboxRelay } from '../../../src/platform/outbox/create-outbox-relay';
import type { CoreSql } from '../../../src/platform/postgres/sql';
import { startSagas } from '../../../src/services/core/sagas/create-sagas';
import { type CoreDatabase, coreDatabase, createTestLog, kafkaForTest, quickBackoff } from '../../helpers/messaging';
import { until } from '../../helpers/until';

export type Answer =
  | { readonly output: Record<string, unknown> }
  | { readonly code: string; readonly retryable: boolean }
  | 'silence';

/** How the worker answers a command; the default is success with its name. */
export type Script = (command: string, attempt: number) => Answer;

/**
 * Core with a worker that plays enterprise-info over real Kafka and PostgreSQL: it notes each command that it takes (in the
 * transaction of its reply) and answers as `script` says. Operations are projected as enterprise-info will.
 */
export async function startCorePlatform() {
  const { log, lines } = createTestLog();
  const database: CoreDatabase = await coreDatabase();
  const namespace = `${randomUUID()}.`;
  const kafka: Kafka = await kafkaForTest(log, namespace);
  const { postgres } = database;
  await postgres.sql.run`create table taken (
    seq bigint generated always as identity, saga_id uuid, command text, direction text, attempt int)`;
  await postgres.sql.run`create table shown (id uuid primary key, revision int, operation json)`;
  await kafka.ensureTopics(allTopics());

  let script: Script = (command) => ({ output: { by: command } });
  const answer = async (sql: CoreSql, command: StepData, type: string, id: string): Promise<void> => {
    const { sagaId, step, direction, attempt, tenantId } = command;
    await sql.run`insert into taken (saga_id, command, direction, attempt) values (${sagaId}, ${type}, ${direction}, ${attempt})`;
    const said = script(type, attempt);
    if (said === 'silence') return;
    const outbox = createOutbox(sql, { schema: 'tenancy', source: 'worker' });
    const ref = { sagaId, step, direction, attempt };
    const common = { key: sagaId, tenantId, causationId: id };
    if ('output' in said) await outbox.add(stepSucceeded, { ...common, data: { ...ref, output: said.output } });
    else {
      const cause = { code: said.code, detail: 'as the test wants' };
      await outbox.add(stepFailed, { ...common, data: { ...ref, cause, retryable: said.retryable } });
    }
  };
  const relay = createOutboxRelay({
    postgres,
    schema: 'tenancy',
    producer: kafka.producer(),
    log,
    backoff: quickBackoff,
  });
  const store = createPgConsumerStore(postgres, 'tenancy');
  await Promise.all([
    kafka.runConsumer({
      group: 'worker',
      store,
      handlers: [...stepCommands.values()].map((event) =>
        on(event, (message, sql: CoreSql) => answer(sql, message.data, message.type, message.id)),
      ),
    }),
    kafka.runConsumer({
      group: 'projection',
      store,
      handlers: [
        on(operationProgressed, async ({ data: { revision, operation } }, sql: CoreSql) => {
          await sql.run`insert into shown values (${operation.id}, ${revision}, ${JSON.stringify(operation)})
            on conflict (id) do update set revision = excluded.revision, operation = excluded.operation
            where shown.revision < excluded.revision`;
        }),
      ],
    }),
  ]);

  const startCore = () => startSagas({ postgres, kafka, log, backoff: quickBackoff, metrics: new Registry() });
  const operation = async (id: string): Promise<Operation | undefined> =>
    (await postgres.sql.maybe<{ operation: Operation }>`select operation from shown where id = ${id}`)?.operation;

  return {
    postgres,
    kafka,
    lines,
    log,
    namespace,
    url: database.url,
    startCore,
    operation,
    play(next: Script): void {
      script = next;
    },
    /** Asks for an onboarding as enterprise-info does. @returns the operation's id */
    async onboard(copies = 1, operationId: string = randomUUID()): Promise<string> {
      const tenantId = randomUUID();
      const data = { tenantId, operationId, slug: 'acme', name: 'Acme', tier: 'pool', contact: 'a@example.org' };
      for (let copy = 0; copy < copies; copy++) {
        await kafka.producer().publish(tenantRequested, 'test', { key: tenantId, data, tenantId });
      }
      return operationId;
    },
    retry: (operationId: string, id: string = randomUUID()) =>
      kafka.producer().publish(operationRetryRequested, 'test', { id, key: operationId, data: { operationId } }),
    cancel: (operationId: string) =>
      kafka.producer().publish(operationCancelRequested, 'test', { key: operationId, data: { operationId } }),
    async ends(id: string, status: Operation['status']): Promise<Operation> {
      await until(
        async () => (await operation(id))?.status === status,
        20_000,
        () => lines.slice(-3),
      );
      return (await operation(id)) as Operation;
    },
    taken: async (id: string): Promise<string[]> =>
      (await postgres.sql.many<{ command: string }>`select command from taken where saga_id = ${id} order by seq`).map(
        ({ command }) => command,
      ),
    async stop(): Promise<void> {
      await relay.close();
      await kafka.close();
      await database.drop();
    },
  };
}

type StepData = { sagaId: string; step: string; direction: 'do' | 'undo'; attempt: number; tenantId: string };
export type CorePlatform = Awaited<ReturnType<typeof startCorePlatform>>;

import type { Counter } from 'prom-client';
import { KolateError } from '../../../contracts/errors';
import type { BatchMessage, BatchTools } from '../../../platform/kafka/batch-loop';
import type { Producer } from '../../../platform/kafka/create-producer';
import type { Backoff } from '../../../platform/kafka/record';
import { asRetry, readRetryState } from '../../../platform/kafka/retry-headers';
import type { Logger } from '../../../platform/logging/create-logger';
import type { Postgres } from '../../../platform/postgres/create-postgres';
import { createPredictionStore } from './prediction-store';

export type StoreBatchOptions = {
  readonly consumer: string;
  /** @throws KolateError as `tenancy.open` does */
  readonly openDatabase: (tenantId: string) => Promise<Postgres<'tenant'>>;
  readonly producer: Pick<Producer, 'send'>;
  readonly backoff: Backoff;
  /** Tries of one record in all; then it is a dead letter. */
  readonly attempts: number;
  /** How long a tenant whose database failed is not asked again; its records go to the retry topic meanwhile. */
  readonly restMs: number;
  readonly stored: Counter<'outcome'>;
  readonly log: Logger;
  readonly now: () => number;
};

/** Of a tenant that is gone: nobody can ask for its predictions any more. */
const gone: ReadonlySet<string> = new Set(['KLT_TENANT_NOT_FOUND']);

/**
 * Stores a batch of `prediction.completed`, each tenant's part in one statement in its own database. The part of a tenant
 * whose database does not answer goes to the retry topic; that of a tenant which is gone is dropped and counted.
 */
export function createBatchStore(options: StoreBatchOptions) {
  const { consumer, openDatabase, producer, backoff, attempts, restMs, stored, log, now } = options;
  const resting = new Map<string, { readonly until: number; readonly error: unknown }>();

  async function storeFor(tenantId: string, messages: readonly BatchMessage[], tools: BatchTools): Promise<void> {
    const rest = resting.get(tenantId);
    // It does not last longer for being met: after it the next batch asks the database again.
    if (rest && rest.until > now()) return setAside(messages, rest.error, tools);
    try {
      const { sql } = await openDatabase(tenantId);
      await add(createPredictionStore(sql), messages);
      resting.delete(tenantId);
    } catch (error) {
      await onFailure(tenantId, messages, error, tools);
    }
  }

  async function add(
    store: ReturnType<typeof createPredictionStore>,
    messages: readonly BatchMessage[],
  ): Promise<void> {
    const [first] = messages;
    if (!first) return;
    const records = messages.map(({ offset, record }) => ({ offset, json: record.value?.toString('utf8') ?? 'null' }));
    const added = await store.add({ consumer, topic: first.topic, partition: first.partition }, records);
    stored.inc({ outcome: 'stored' }, added);
    stored.inc({ outcome: 'seen' }, messages.length - added);
  }

  async function onFailure(
    tenantId: string,
    messages: readonly BatchMessage[],
    error: unknown,
    tools: BatchTools,
  ): Promise<void> {
    if (error instanceof KolateError && gone.has(error.code)) {
      stored.inc({ outcome: 'dropped' }, messages.length);
      return;
    }
    if (isAboutData(error)) return storeOneByOne(tenantId, messages, error, tools);
    if (!resting.has(tenantId)) log.warn({ err: error, tenantId }, 'predictions cannot be stored; they wait');
    if (resting.size > maxResting) resting.clear();
    resting.set(tenantId, { until: now() + restMs, error });
    await setAside(messages, error, tools);
  }

  /** One record that PostgreSQL refuses must not keep the others out. */
  async function storeOneByOne(
    tenantId: string,
    messages: readonly BatchMessage[],
    error: unknown,
    tools: BatchTools,
  ): Promise<void> {
    const [only] = messages;
    if (messages.length > 1) {
      for (const message of messages) await storeFor(tenantId, [message], tools);
    } else if (only) {
      await tools.deadLetter(only, error);
      stored.inc({ outcome: 'dead' });
    }
  }

  async function setAside(messages: readonly BatchMessage[], error: unknown, tools: BatchTools): Promise<void> {
    const again = messages.filter(({ record }) => readRetryState(record).attempt + 1 < attempts);
    await producer.send(
      again.map(({ record }) => {
        const attempt = readRetryState(record).attempt + 1;
        return asRetry(record, { group: consumer, attempt, notBefore: now() + backoff(attempt) });
      }),
    );
    stored.inc({ outcome: 'set_aside' }, again.length);
    for (const message of messages) {
      if (again.includes(message)) continue;
      await tools.deadLetter(message, error);
      stored.inc({ outcome: 'dead' });
    }
  }

  return async (messages: readonly BatchMessage[], tools: BatchTools): Promise<void> => {
    const byTenant = new Map<string, BatchMessage[]>();
    for (const message of messages) {
      const tenantId = tenantIdOf(message);
      const part = byTenant.get(tenantId);
      if (part) part.push(message);
      else byTenant.set(tenantId, [message]);
    }
    await Promise.all([...byTenant].map(([tenantId, part]) => storeFor(tenantId, part, tools)));
  };
}

const maxResting = 10_000;

// The schema of the event has been checked: the tenant is in its data.
const tenantIdOf = ({ data }: BatchMessage): string => (data as { tenantId: string }).tenantId;

/** PostgreSQL's classes 22 (data) and 23 (constraints): the same record would fail again. */
const isAboutData = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' && /^2[23]/.test(error.code);

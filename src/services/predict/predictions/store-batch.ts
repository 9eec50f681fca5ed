import type { Counter } from 'prom-client';
import { KolateError } from '../../../contracts/errors';
import type { BatchMessage, BatchTools } from '../../../platform/kafka/batch-loop';
import type { Producer } from '../../../platform/kafka/create-producer';
import type { Backoff } from '../../../platform/kafka/record';
import { asRetry, readRetryState } from '../../../platform/kafka/retry-headers';
import type { Logger } from '../../../platform/logging/create-logger';
import type { Postgres } from '../../../platform/postgres/create-postgres';
import type { Shards } from '../../../platform/tenancy/shards';
import { createPredictionStore, shardKey } from './prediction-store';

export type StoreBatchOptions = {
  readonly consumer: string;
  /** @throws KolateError as `tenancy.open` does */
  readonly openShards: (tenantId: string) => Promise<Shards>;
  readonly producer: Pick<Producer, 'send'>;
  readonly backoff: Backoff;
  /** Tries of one record in all; then it is a dead letter. */
  readonly attempts: number;
  /** How long a tenant, or a shard of it, whose database failed is not asked again; its records go to the retry topic meanwhile. */
  readonly restMs: number;
  readonly stored: Counter<'outcome'>;
  readonly log: Logger;
  readonly now: () => number;
};

/** Of a tenant that is gone: nobody can ask for its predictions any more. */
const gone: ReadonlySet<string> = new Set(['KLT_TENANT_NOT_FOUND']);

/**
 * Stores a batch of `prediction.completed`, each tenant's part in one statement in its own database, or in one for each of
 * its shards. The part whose database does not answer goes to the retry topic, and keeps no other shard waiting; that of a
 * tenant which is gone is dropped and counted.
 */
export function createBatchStore(options: StoreBatchOptions) {
  const { consumer, openShards, producer, backoff, attempts, restMs, stored, log, now } = options;
  const resting = new Map<string, { readonly until: number; readonly error: unknown }>();

  async function storeFor(tenantId: string, messages: readonly BatchMessage[], tools: BatchTools): Promise<void> {
    const part: Part = { tenantId, messages, rests: tenantId };
    const shards = await unlessResting(part, tools, () => openShards(tenantId));
    if (!shards) return;
    // It is open again; whether its only database takes anything is still to be seen.
    if (shards.count > 1) resting.delete(tenantId);
    await Promise.all(partsOf(part, shards).map((one) => storeIn(shards.at(one.shard), one, tools)));
  }

  async function storeIn({ sql }: Postgres<'tenant'>, part: Part, tools: BatchTools): Promise<void> {
    await unlessResting(part, tools, async () => {
      await add(createPredictionStore(sql), part.messages);
      resting.delete(part.rests);
    });
  }

  /** @returns what `act` did, or undefined when it failed or was not tried: the part has been taken care of then */
  async function unlessResting<T>(part: Part, tools: BatchTools, act: () => Promise<T>): Promise<T | undefined> {
    const rest = resting.get(part.rests);
    // It does not last longer for being met: after it the next batch asks the database again.
    if (rest && rest.until > now()) {
      await setAside(part.messages, rest.error, tools);
      return undefined;
    }
    try {
      return await act();
    } catch (error) {
      await onFailure(part, error, tools);
      return undefined;
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

  async function onFailure({ tenantId, messages, rests }: Part, error: unknown, tools: BatchTools): Promise<void> {
    if (error instanceof KolateError && gone.has(error.code)) {
      stored.inc({ outcome: 'dropped' }, messages.length);
      return;
    }
    if (isAboutData(error)) return storeOneByOne(tenantId, messages, error, tools);
    if (!resting.has(rests)) log.warn({ err: error, tenantId }, 'predictions cannot be stored; they wait');
    if (resting.size > maxResting) resting.clear();
    resting.set(rests, { until: now() + restMs, error });
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

/** Records of one tenant that go the same way. `rests` names the database that is left alone for a while when it fails. */
type Part = { readonly tenantId: string; readonly messages: readonly BatchMessage[]; readonly rests: string };

/** By shard, each in the order of the records: a position that has moved is behind all of them that the shard has. */
function partsOf(part: Part, shards: Shards): (Part & { readonly shard: number })[] {
  if (shards.count === 1) return [{ ...part, shard: 0 }];
  const byShard = new Map<number, BatchMessage[]>();
  for (const message of part.messages) {
    const shard = shards.indexOf(shardKey(idOf(message)));
    const known = byShard.get(shard);
    if (known) known.push(message);
    else byShard.set(shard, [message]);
  }
  return [...byShard].map(([shard, messages]) => ({ ...part, messages, shard, rests: `${part.rests}/${shard}` }));
}

const maxResting = 10_000;

// The schema of the event has been checked: the tenant is in its data.
const tenantIdOf = ({ data }: BatchMessage): string => (data as { tenantId: string }).tenantId;

const idOf = ({ data }: BatchMessage): string => (data as { id: string }).id;

/** PostgreSQL's classes 22 (data) and 23 (constraints): the same record would fail again. */
const isAboutData = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' && /^2[23]/.test(error.code);

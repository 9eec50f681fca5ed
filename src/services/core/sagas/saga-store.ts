import type { SagaState } from '../../../domain/sagas/saga-state';
import type { OutboxRow } from '../../../platform/outbox/create-outbox';
import type { CoreSql } from '../../../platform/postgres/sql';

/** How far a partition is; moved together with the effects of its messages. */
export type Position = { readonly topic: string; readonly partition: number; readonly next: number };

/** What one statement writes: a batch of steps of distinct sagas, and everything that follows from them. */
export type SagaBatch = {
  readonly sagas: readonly { readonly state: SagaState; readonly expectedRevision: number }[];
  readonly messageIds: readonly string[];
  readonly outbox: readonly OutboxRow[];
  readonly positions: readonly Position[];
};

export type SagaStore = ReturnType<typeof createSagaStore>;

export const consumerName = 'core.sagas';

export function createSagaStore(sql: CoreSql) {
  return {
    /** The states that exist, by id. */
    async load(ids: readonly string[]): Promise<Map<string, SagaState>> {
      const rows = await sql.many<{ state: SagaState }>`select state from saga.saga where id = any (${ids})`;
      return new Map(rows.map(({ state }) => [state.id, state]));
    },

    /** Those of `messageIds` that have had their effect. */
    async seen(messageIds: readonly string[]): Promise<Set<string>> {
      const rows = await sql.many<{ message_id: string }>`
        select message_id from saga.inbox where consumer = ${consumerName} and message_id = any (${messageIds})`;
      return new Set(rows.map(({ message_id }) => message_id));
    },

    /**
     * The sagas whose time has come at `now` (Unix ms, the clock of whoever will wake them), oldest first, and how long
     * until the next one's, in ms.
     */
    async due(now: number, limit: number): Promise<{ ids: string[]; nextInMs: number | undefined }> {
      const rows = await sql.many<{ id: string; in_ms: number }>`
        select id, (extract(epoch from wake_at) * 1000 - ${now}::float8)::float8 as in_ms
        from saga.saga where active and wake_at is not null order by wake_at limit ${limit}`;
      return {
        ids: rows.filter(({ in_ms }) => in_ms <= 0).map(({ id }) => id),
        nextInMs: rows.find(({ in_ms }) => in_ms > 0)?.in_ms,
      };
    },

    /** By kind: the sagas at work, and for how many seconds the oldest of them has been there. */
    running(): Promise<{ saga: string; count: number; oldest_seconds: number }[]> {
      return sql.many`
        select saga, count(*)::int as count, extract(epoch from now() - min(created_at))::float8 as oldest_seconds
        from saga.saga where active and wake_at is not null group by saga`;
    },

    /** The active sagas behind `after`, by id: all those of which a process now dead may not have published the last move. */
    async active(after: string, limit: number): Promise<SagaState[]> {
      const rows = await sql.many<{ state: SagaState }>`
        select state from saga.saga where active and id > ${after} order by id limit ${limit}`;
      return rows.map(({ state }) => state);
    },

    /** Sagas that have been over since `before` (Unix ms) without anybody having noted that this was published. */
    async unpublishedEnds(before: number, limit: number): Promise<SagaState[]> {
      const rows = await sql.many<{ state: SagaState }>`
        select state from saga.saga
        where active and wake_at is null and updated_at < to_timestamp(${before}::float8 / 1000) limit ${limit}`;
      return rows.map(({ state }) => state);
    },

    /** Notes that the ends of these sagas have been published; one that was taken up again since stays active. */
    async retire(states: readonly SagaState[]): Promise<void> {
      await sql.query(
        `update saga.saga s set active = false
         from unnest($1::uuid[], $2::int[]) as t (id, revision)
         where s.id = t.id and s.revision = t.revision and s.wake_at is null`,
        [states.map(({ id }) => id), states.map(({ revision }) => revision)],
      );
    },

    async position(topic: string, partition: number): Promise<number | undefined> {
      const row = await sql.maybe<{ next_offset: number }>`
        select next_offset from saga.consumer_offset
        where consumer = ${consumerName} and topic = ${topic} and partition = ${partition}`;
      return row?.next_offset;
    },

    /** @throws an error of which `isConflict` is true when a saga was changed since it was read, or a message was seen before */
    write: (batch: SagaBatch): Promise<void> => write(sql, batch),
  };
}

/** One statement is one transaction and one round trip: that is what makes thousands of durable steps a second possible. */
async function write(sql: CoreSql, { sagas, messageIds, outbox, positions }: SagaBatch): Promise<void> {
  const ofSagas = <T>(column: (state: SagaState) => T) => arrayOf(sagas.map(({ state }) => column(state)));
  const ofOutbox = <K extends keyof OutboxRow>(name: K) => arrayOf(outbox.map((row) => row[name]));
  await sql.query(
    statement,
    [
      consumerName,
      arrayOf(messageIds),
      ofSagas(({ id }) => id),
      ofSagas(({ saga }) => saga),
      ofSagas(({ tenantId }) => tenantId),
      ofSagas(({ status }) => status),
      ofSagas(({ revision }) => revision),
      arrayOf(sagas.map(({ expectedRevision }) => expectedRevision)),
      ofSagas(({ wakeAt }) => wakeAt),
      ofSagas((state) => JSON.stringify(state)),
      ofOutbox('id'),
      ofOutbox('aggregatetype'),
      ofOutbox('aggregateid'),
      ofOutbox('type'),
      ofOutbox('payload'),
      ofOutbox('tenant_id'),
      arrayOf(outbox.map(({ headers }) => JSON.stringify(headers))),
      arrayOf(positions.map(({ topic }) => topic)),
      arrayOf(positions.map(({ partition }) => partition)),
      arrayOf(positions.map(({ next }) => next)),
      sagas.length,
    ],
    'saga_write',
  );
}

/**
 * PostgreSQL's text form of an array. Its quoting and JSON's are the same for text without control characters, which ids,
 * names and JSON are; the driver's own way took longer than all the rest of a step.
 */
const arrayOf = (values: readonly unknown[]): string => `{${JSON.stringify(values).slice(1, -1)}}`;

const statement = `
  with input as (
    select * from unnest($3::uuid[], $4::text[], $5::uuid[], $6::text[], $7::int[], $8::int[], $9::float8[], $10::json[])
      as t (id, saga, tenant_id, status, revision, expected, wake_at, state)),
  claimed as (
    insert into saga.inbox (consumer, message_id) select $1, unnest($2::text[])
    on conflict do nothing returning 1),
  created as (
    insert into saga.saga (id, saga, tenant_id, status, revision, wake_at, state)
    select id, saga, tenant_id, status, revision, to_timestamp(wake_at / 1000), state from input where expected = 0
    on conflict do nothing returning 1),
  updated as (
    update saga.saga s
    set status = i.status, revision = i.revision, wake_at = to_timestamp(i.wake_at / 1000), state = i.state,
        active = true, updated_at = now()
    from input i where s.id = i.id and s.revision = i.expected returning 1),
  added as (
    insert into saga.outbox (id, aggregatetype, aggregateid, type, payload, tenant_id, headers)
    select * from unnest($11::uuid[], $12::text[], $13::text[], $14::text[], $15::jsonb[], $16::uuid[], $17::jsonb[])),
  moved as (
    insert into saga.consumer_offset (consumer, topic, partition, next_offset)
    select $1, topic, partition, max(next) from unnest($18::text[], $19::int[], $20::bigint[]) as t (topic, partition, next)
    group by topic, partition
    on conflict (consumer, topic, partition)
    do update set next_offset = greatest(consumer_offset.next_offset, excluded.next_offset))
  select saga.expect(
    (select count(*) from claimed) = cardinality($2::text[])
    and (select count(*) from created) + (select count(*) from updated) = $21)`;

const conflicts = new Set(['KS001', '40P01', '40001']);

/** Whether the same steps may be tried again from a fresh look at the database. */
export const isConflict = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && conflicts.has(String(error.code));

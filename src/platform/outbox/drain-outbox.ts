import type { PoolClient } from 'pg';
import { encodeMessage } from '../kafka/message-codec';
import type { OutgoingRecord } from '../kafka/record';
import type { Postgres } from '../postgres/create-postgres';
import { mapPostgresError } from '../postgres/sql';
import { type OutboxRow, rawHeaderPrefix } from './create-outbox';

type StoredRow = OutboxRow & { readonly seq: number; readonly created_at: Date };

/** What a relay needs of a producer: resolves when every record is on all replicas. */
export type RecordSink = { send(records: readonly OutgoingRecord[]): Promise<void> };

export type DrainOptions = {
  readonly postgres: Postgres;
  readonly schema: string;
  readonly producer: RecordSink;
  /** Rows in one transaction. */
  readonly batchSize: number;
};

/**
 * Publishes one batch of the outbox, oldest first, and deletes it. The rows are deleted before they are produced and the
 * transaction is committed after: whatever fails in between rolls the deletion back, so that a row may be published
 * twice (with the same id) and never not at all. One drain at a time for a schema, by an advisory lock.
 * @returns how many rows it published, or `busy` when another process is at it
 * @throws KolateError KLT_DEPENDENCY_UNAVAILABLE when the database or the broker is away
 */
export async function drainOutbox(options: DrainOptions): Promise<number | 'busy'> {
  let client: PoolClient | undefined;
  try {
    client = await options.postgres.connect();
    const published = await drainBatch(client, options);
    client.release();
    return published;
  } catch (error) {
    const clean = await client?.query('rollback').then(
      () => true,
      () => false,
    );
    client?.release(clean === false);
    throw mapPostgresError(error);
  }
}

async function drainBatch(client: PoolClient, options: DrainOptions): Promise<number | 'busy'> {
  const { schema, producer, batchSize } = options;
  // A deletion that a crash of the database takes back costs a second publication, no more: no need to wait for the disk.
  await client.query('begin; set local synchronous_commit = off');
  const { rows } = await client.query<{ free: boolean }>({
    name: `outbox_lock_${schema}`,
    text: `select pg_try_advisory_xact_lock(hashtext('outbox'), hashtext($1)) as free`,
    values: [schema],
  });
  if (!rows[0]?.free) {
    await client.query('rollback');
    return 'busy';
  }
  const batch = await client.query<StoredRow>({
    name: `outbox_drain_${schema}`,
    text: `with batch as (
             delete from ${schema}.outbox
             where seq in (select seq from ${schema}.outbox order by seq limit $1)
             returning seq, id, aggregatetype, aggregateid, type, payload::text as payload, raw, tenant_id, headers, created_at)
           select * from batch order by seq`,
    values: [batchSize],
  });
  if (batch.rows.length > 0) await producer.send(batch.rows.map(toRecord));
  await client.query('commit');
  return batch.rows.length;
}

export function toRecord(row: StoredRow): OutgoingRecord {
  const { key: rawKey, ...headers } = row.headers;
  if (row.raw !== null) {
    const original = Object.entries(headers).map(([name, value]) => [
      name.slice(rawHeaderPrefix.length),
      fromStored(value),
    ]);
    return {
      topic: row.aggregatetype,
      key: rawKey === undefined ? row.aggregateid : fromStored(rawKey),
      value: row.raw,
      headers: Object.fromEntries(original),
    };
  }
  const text = (name: string): string | undefined => {
    const value = headers[name];
    return typeof value === 'string' ? value : undefined;
  };
  const message = {
    id: row.id,
    type: row.type,
    source: text('source') ?? 'unknown',
    time: row.created_at.toISOString(),
    key: row.aggregateid,
    tenantId: row.tenant_id ?? undefined,
    correlationId: text('correlationId'),
    causationId: text('causationId'),
    traceparent: text('traceparent'),
    data: undefined,
  };
  return encodeMessage(row.aggregatetype, message, row.payload ?? 'null');
}

const fromStored = (value: OutboxRow['headers'][string]): string | Buffer =>
  typeof value === 'string' ? value : Buffer.from(value.base64, 'base64');

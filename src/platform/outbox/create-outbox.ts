import { randomUUID } from 'node:crypto';
import type { DataOf, EventContract, Message } from '../../contracts/events/event';
import { type MessageFields, newMessage } from '../kafka/message-codec';
import type { HeaderValue, OutgoingRecord } from '../kafka/record';
import type { Sql } from '../postgres/sql';

/** A row of an outbox, column by column (Debezium's, and `raw`). Either `payload` (JSON text) or `raw` is there. */
export type OutboxRow = {
  readonly id: string;
  /** The topic. */
  readonly aggregatetype: string;
  /** The key. */
  readonly aggregateid: string;
  readonly type: string;
  readonly payload: string | null;
  readonly raw: Buffer | null;
  readonly tenant_id: string | null;
  readonly headers: Readonly<Record<string, StoredHeader>>;
};

/** Bytes that are not UTF-8 are kept as base64. */
type StoredHeader = string | { readonly base64: string };

/** NOTIFY channel of a schema's outbox. */
export const outboxChannel = (schema: string): string => `outbox_${schema}`;

/** @throws KolateError KLT_EVENT_INVALID when the data do not fit the contract */
export function outboxRow<E extends EventContract>(
  event: E,
  source: string,
  fields: MessageFields<DataOf<E>>,
): OutboxRow {
  return messageRow(event.topic.name, newMessage(event, source, fields));
}

export function messageRow(topic: string, message: Message): OutboxRow {
  const { source, correlationId, causationId, traceparent } = message;
  const headers = Object.entries({ source, correlationId, causationId, traceparent });
  return {
    id: message.id,
    aggregatetype: topic,
    aggregateid: message.key,
    type: message.type,
    payload: JSON.stringify(message.data),
    raw: null,
    tenant_id: message.tenantId ?? null,
    headers: Object.fromEntries(headers.filter((entry): entry is [string, string] => entry[1] !== undefined)),
  };
}

/** Before the names of a raw row's headers, so that none can be taken for its key, which stands under `key` where it is not UTF-8. */
export const rawHeaderPrefix = 'h.';

/** A row that passes a record on with its bytes as they are. */
export function rawRow(record: OutgoingRecord): OutboxRow {
  const headers = Object.entries(record.headers).map(
    ([name, value]) => [rawHeaderPrefix + name, storedHeader(value)] as const,
  );
  const key = record.key === null ? '' : storedHeader(record.key);
  return {
    id: randomUUID(),
    aggregatetype: record.topic,
    aggregateid: typeof key === 'string' ? key : '',
    type: record.headers.ce_type?.toString() || 'unknown',
    payload: null,
    raw: typeof record.value === 'string' ? Buffer.from(record.value) : (record.value ?? Buffer.alloc(0)),
    tenant_id: null,
    headers: { ...Object.fromEntries(headers), ...(typeof key === 'string' ? {} : { key }) },
  };
}

const storedHeader = (value: HeaderValue): StoredHeader => {
  const bytes = typeof value === 'string' ? Buffer.from(value) : value;
  const text = bytes.toString('utf8');
  // PostgreSQL's jsonb refuses U+0000.
  return Buffer.from(text).equals(bytes) && !text.includes('\0') ? text : { base64: bytes.toString('base64') };
};

/**
 * The outbox of `schema`, in the transaction of `sql`: what is added is published if and only if that commits, in the
 * order in which it was added. `source` names the service.
 */
export function createOutbox(sql: Sql, { schema, source }: { schema: string; source: string }) {
  return {
    /** @throws KolateError KLT_EVENT_INVALID when the data do not fit the contract */
    add: <E extends EventContract>(event: E, fields: MessageFields<DataOf<E>>): Promise<void> =>
      insertRows(sql, schema, [outboxRow(event, source, fields)]),
    /** Several by one statement; `outboxRow` makes them. */
    addRows: (rows: readonly OutboxRow[]): Promise<void> => insertRows(sql, schema, rows),
  };
}

export async function insertRows(sql: Sql, schema: string, rows: readonly OutboxRow[]): Promise<void> {
  if (rows.length === 0) return;
  const column = <K extends keyof OutboxRow>(name: K): OutboxRow[K][] => rows.map((row) => row[name]);
  await sql.query(
    `with added as (
       insert into ${schema}.outbox (id, aggregatetype, aggregateid, type, payload, raw, tenant_id, headers)
       select * from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::jsonb[], $6::bytea[], $7::uuid[], $8::jsonb[]))
     select pg_notify($9, '')`,
    [
      column('id'),
      column('aggregatetype'),
      column('aggregateid'),
      column('type'),
      column('payload'),
      column('raw'),
      column('tenant_id'),
      column('headers').map((headers) => JSON.stringify(headers)),
      outboxChannel(schema),
    ],
    `outbox_add_${schema}`,
  );
}

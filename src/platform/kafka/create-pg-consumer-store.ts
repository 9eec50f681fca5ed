import { insertRows, rawRow } from '../outbox/create-outbox';
import type { Postgres } from '../postgres/create-postgres';
import type { Sql } from '../postgres/sql';
import type { ConsumerStore, Entry, Outcome, Verdict } from './consumer-store';
import type { OutgoingRecord, ReceivedRecord } from './record';
import { asRetry, readRetryState } from './retry-headers';

/**
 * The consumer store in one schema of one database: its `inbox`, `consumer_offset`, `parked_message` and, for retries and
 * dead letters, `outbox` (a relay has to publish it).
 */
export function createPgConsumerStore<B extends string>(postgres: Postgres<B>, schema: string): ConsumerStore<Sql<B>> {
  const tables = createTables(schema);
  return {
    async position(group, topic, partition) {
      const { rows } = await postgres.sql.query<{ next_offset: number }>(
        `select next_offset from ${schema}.consumer_offset where consumer = $1 and topic = $2 and partition = $3`,
        [group, topic, partition],
      );
      return rows[0]?.next_offset;
    },
    async isSeen(group, messageId) {
      const { rowCount } = await postgres.sql.query(
        `select from ${schema}.inbox where consumer = $1 and message_id = $2`,
        [group, messageId],
      );
      return rowCount === 1;
    },
    apply: (group, entries, effect) =>
      postgres.transaction(async (sql) => {
        const [first] = entries;
        const outcomes = first?.retried
          ? [await tables.takeTurn(sql, group, first)]
          : await tables.claim(sql, group, entries);
        const fresh = outcomes.flatMap((outcome, index) => (outcome === 'fresh' ? [index] : []));
        if (fresh.length > 0) await effect(sql, fresh);
        return outcomes;
      }),
    setAside: (group, entry, verdict) => postgres.transaction((sql) => tables.setAside(sql, group, entry, verdict)),
    ping: () => postgres.ping(),
  };
}

function createTables(schema: string) {
  const forward = (sql: Sql, records: readonly OutgoingRecord[]): Promise<void> =>
    insertRows(sql, schema, records.map(rawRow));

  const savePosition = (sql: Sql, group: string, { topic, partition, offset }: ReceivedRecord) =>
    sql.query(
      `insert into ${schema}.consumer_offset (consumer, topic, partition, next_offset) values ($1, $2, $3, $4)
       on conflict (consumer, topic, partition)
       do update set next_offset = greatest(consumer_offset.next_offset, excluded.next_offset)`,
      [group, topic, partition, offset + 1],
      `consumer_position_${schema}`,
    );

  /** Of messages from the main topic: which are new, which are not, and which have to queue behind others of their key. */
  async function claim(sql: Sql, group: string, entries: readonly Entry[]): Promise<Outcome[]> {
    const last = entries.at(-1);
    if (!last) return [];
    const { topic, partition, offset } = last.record;
    const { rows } = await sql.query<{ outcome: Outcome }>(
      `with input as (
         select * from unnest($3::text[], $4::text[]) with ordinality as t (message_id, key, n)),
       parked as (
         select distinct key from ${schema}.parked_message where consumer = $1 and topic = $2 and key = any ($4)),
       claimed as (
         insert into ${schema}.inbox (consumer, message_id)
         select distinct $1, message_id from input where key not in (select key from parked)
         on conflict do nothing
         returning message_id),
       moved as (
         insert into ${schema}.consumer_offset (consumer, topic, partition, next_offset) values ($1, $2, $5, $6)
         on conflict (consumer, topic, partition)
         do update set next_offset = greatest(consumer_offset.next_offset, excluded.next_offset))
       select case when key in (select key from parked) then 'queued'
                   when message_id in (select message_id from claimed)
                        and n = min(n) over (partition by message_id) then 'fresh'
                   else 'seen' end as outcome
       from input order by n`,
      [group, topic, entries.map(({ messageId }) => messageId), entries.map(({ key }) => key), partition, offset + 1],
      `consumer_claim_${schema}`,
    );
    const outcomes = rows.map(({ outcome }) => outcome);
    for (const [index, entry] of entries.entries()) {
      if (outcomes[index] === 'queued') await queue(sql, group, entry, 0, 0);
    }
    return outcomes;
  }

  /** Sends the message of the main topic to the retry topic, as the last of its key. */
  async function queue(sql: Sql, group: string, entry: Entry, attempt: number, notBefore: number): Promise<void> {
    await sql.query(
      `insert into ${schema}.parked_message (consumer, topic, key, turn) values ($1, $2, $3, $4) on conflict do nothing`,
      [group, entry.mainTopic, entry.key, entry.turn],
    );
    await forward(sql, [asRetry(entry.record, { group, attempt, notBefore })]);
  }

  /** Of a message from the retry topic: whether it is its turn. Others are sent round once more, or dropped if long past. */
  async function takeTurn(sql: Sql, group: string, entry: Entry): Promise<Outcome> {
    await savePosition(sql, group, entry.record);
    const { rows } = await sql.query<{ waits: boolean | null; first: boolean | null }>(
      `select bool_or(turn = $4) as waits, min(turn) = $4 as first
       from ${schema}.parked_message where consumer = $1 and topic = $2 and key = $3`,
      [group, entry.mainTopic, entry.key, entry.turn],
    );
    if (!rows[0]?.waits) return 'seen';
    if (!rows[0].first) {
      const { attempt, notBefore } = readRetryState(entry.record);
      await forward(sql, [asRetry(entry.record, { group, attempt, notBefore })]);
      return 'queued';
    }
    await endTurn(sql, group, entry);
    const { rowCount } = await sql.query(
      `insert into ${schema}.inbox (consumer, message_id) values ($1, $2) on conflict do nothing`,
      [group, entry.messageId],
    );
    return rowCount === 1 ? 'fresh' : 'seen';
  }

  /** The next message of the key may come; after the last one the key is free again. */
  const endTurn = (sql: Sql, group: string, { mainTopic, key, turn }: Entry) =>
    sql.query(`delete from ${schema}.parked_message where consumer = $1 and topic = $2 and key = $3 and turn = $4`, [
      group,
      mainTopic,
      key,
      turn,
    ]);

  async function setAside(sql: Sql, group: string, entry: Entry, verdict: Verdict): Promise<void> {
    await savePosition(sql, group, entry.record);
    if (verdict.kind === 'dead') {
      if (entry.retried) await endTurn(sql, group, entry);
      return forward(sql, [verdict.letter]);
    }
    const { attempt, notBefore } = verdict;
    if (!entry.retried) return queue(sql, group, entry, attempt, notBefore);
    return forward(sql, [asRetry(entry.record, { group, attempt, notBefore })]);
  }

  return { claim, takeTurn, setAside };
}

import { escapeIdentifier, escapeLiteral } from 'pg';
import type { Postgres } from '../../../../platform/postgres/create-postgres';
import type { TenantSql } from '../../../../platform/postgres/sql';
import { type LineBlobs, readLines, writeLines } from './line-blobs';
import { countRows, readTables, type Table, truncateTables } from './postgres-catalog';
import { positionTables, spreadTables } from './shard-counts';

type Sequences = Readonly<Record<string, number>>;
type Counts = Record<string, number>;
/** `prefixes` of the shards after the first are added to the first: only what is spread over them. */
type Source = { readonly prefixes: readonly string[]; readonly sequences: Sequences };

const rowsAtOnce = 200;

/**
 * Everything in a tenant's database, row by row as PostgreSQL writes each value as text: exact for every type, and lines
 * that anybody can read.
 */
export function createPostgresData({ transaction, sql }: Postgres<'tenant'>) {
  return {
    count: async (): Promise<Counts> => countRows(sql, await readTables(sql)),

    /** Of one moment. @returns the counts, and where sequences stand */
    exportTo: (blobs: LineBlobs, prefix: string): Promise<{ counts: Counts; sequences: Sequences }> =>
      transaction(async (tx) => {
        await tx.query('set transaction isolation level repeatable read, read only');
        const counts: Counts = {};
        for (const table of await readTables(tx)) {
          counts[table.label] = await writeLines(blobs, `${prefix}/${table.label}`, rowsOf(tx, table));
        }
        return { counts, sequences: await readSequences(tx) };
      }),

    /** All of it or nothing, in place of what is there. @returns the counts afterwards */
    importFrom: (blobs: LineBlobs, { prefixes: [first, ...more], sequences }: Source): Promise<Counts> =>
      transaction(async (tx) => {
        const tables = await readTables(tx);
        await truncateTables(tx, tables);
        const merged = more.length > 0;
        for (const table of tables) {
          if (merged && positionTables.includes(table.label)) continue;
          const from = spreadTables.includes(table.label) ? [first, ...more] : [first];
          for (const prefix of from)
            await importTable(tx, table, readLines(blobs, `${prefix}/${table.label}`, rowsAtOnce));
        }
        for (const [name, value] of Object.entries(sequences)) {
          await tx.query(`select setval(${escapeLiteral(name)}, ${value})`);
        }
        return countRows(tx, tables);
      }),

    purge: (): Promise<void> => transaction(async (tx) => truncateTables(tx, await readTables(tx))),

    /**
     * From here on the database takes no writes: new sessions read only, and those that are open are ended. Ours may be
     * among them, so that this is the last thing done with a handle. `release` takes it back.
     */
    async fence(): Promise<void> {
      await transaction((tx) => setReadOnly(tx, 'set default_transaction_read_only = on'));
      await sql.run`
        select pg_terminate_backend(pid) from pg_stat_activity
        where datname = current_database() and usename = current_user and pid <> pg_backend_pid()`;
    },
    release: (): Promise<void> => transaction((tx) => setReadOnly(tx, 'reset default_transaction_read_only')),
  };
}

async function setReadOnly(tx: TenantSql, clause: string): Promise<void> {
  // The default is a default: who knows of it may write all the same.
  await tx.query('set transaction read write');
  const { name } = await tx.one<{ name: string }>`select current_database() as name`;
  await tx.query(`alter database ${escapeIdentifier(name)} ${clause}`);
}

async function* rowsOf(tx: TenantSql, { sql, columns }: Table): AsyncGenerator<string[]> {
  const asText = columns.map(({ name }) => `${escapeIdentifier(name)}::text`).join(', ');
  await tx.query(
    `declare export_rows no scroll cursor for select row_to_json(t)::text as line from (select ${asText} from ${sql}) t`,
  );
  for (;;) {
    const { rows } = await tx.query<{ line: string }>(`fetch ${rowsAtOnce} from export_rows`);
    if (rows.length > 0) yield rows.map(({ line }) => line);
    if (rows.length < rowsAtOnce) break;
  }
  await tx.query('close export_rows');
}

async function importTable(tx: TenantSql, { sql, columns }: Table, batches: AsyncIterable<string[]>): Promise<void> {
  const names = columns.map(({ name }) => escapeIdentifier(name)).join(', ');
  const values = columns.map(({ name, type }) => `(line ->> ${escapeLiteral(name)})::${type}`).join(', ');
  // What happened when the rows were made has happened: triggers are not told again.
  await tx.query(`alter table ${sql} disable trigger user`);
  for await (const lines of batches) {
    await tx.query(
      `insert into ${sql} (${names}) overriding system value
       select ${values} from json_array_elements($1::json) with ordinality as t (line, n) order by n`,
      [`[${lines.join(',')}]`],
    );
  }
  await tx.query(`alter table ${sql} enable trigger user`);
}

async function readSequences(tx: TenantSql): Promise<Sequences> {
  const rows = await tx.many<{ name: string; value: number }>`
    select format('%I.%I', schemaname, sequencename) as name, last_value as value
    from pg_sequences where last_value is not null`;
  return Object.fromEntries(rows.map(({ name, value }) => [name, value]));
}

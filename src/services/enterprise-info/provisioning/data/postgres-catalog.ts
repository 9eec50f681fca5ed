import { escapeIdentifier } from 'pg';
import type { TenantSql } from '../../../../platform/postgres/sql';

export type Column = { readonly name: string; readonly type: string };
export type Table = {
  /** `schema.name`, unquoted: how it is called in counts and blob names. */
  readonly label: string;
  /** Quoted, for SQL. */
  readonly sql: string;
  readonly columns: readonly Column[];
};

type Row = { oid: number; schema: string; name: string; columns: Column[] };

/** What the migrator has written about its own work comes with the migrations, not with the data. */
const bookkeeping = 'public.kolate_migration';

/** The tables of the database with their columns, those that are referred to before those that refer to them. */
export async function readTables(sql: TenantSql): Promise<Table[]> {
  const rows = await sql.many<Row>`
    select c.oid::int8 as oid, n.nspname as schema, c.relname as name,
      (select json_agg(json_build_object('name', a.attname, 'type', format_type(a.atttypid, a.atttypmod)) order by a.attnum)
       from pg_attribute a
       where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attgenerated = '') as columns
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where c.relkind = 'r' and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
    order by n.nspname, c.relname`;
  const references = await sql.many<{ from: number; to: number }>`
    select conrelid::int8 as from, confrelid::int8 as to from pg_constraint where contype = 'f' and conrelid <> confrelid`;
  return inOrder(rows, references)
    .map(({ schema, name, columns }) => ({
      label: `${schema}.${name}`,
      sql: `${escapeIdentifier(schema)}.${escapeIdentifier(name)}`,
      columns: columns ?? [],
    }))
    .filter(({ label }) => label !== bookkeeping);
}

function inOrder(rows: readonly Row[], references: readonly { from: number; to: number }[]): Row[] {
  const waiting = new Map(rows.map((row) => [row.oid, row]));
  const ordered: Row[] = [];
  while (waiting.size > 0) {
    const blocked = new Set(references.filter(({ to }) => waiting.has(to)).map(({ from }) => from));
    const free = [...waiting.values()].filter(({ oid }) => !blocked.has(oid));
    // Tables that refer to each other in a ring have no order; their constraints have to be deferrable.
    const next = free.length > 0 ? free : [...waiting.values()];
    for (const row of next) waiting.delete(row.oid);
    ordered.push(...next);
  }
  return ordered;
}

export async function countRows(sql: TenantSql, tables: readonly Table[]): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const table of tables) {
    const { rows } = await sql.query<{ n: number }>(`select count(*) as n from ${table.sql}`);
    counts[table.label] = rows[0]?.n ?? 0;
  }
  return counts;
}

/** Empties every table, all or none. */
export async function truncateTables(sql: TenantSql, tables: readonly Table[]): Promise<void> {
  if (tables.length > 0) await sql.query(`truncate ${tables.map((table) => table.sql).join(', ')}`);
}

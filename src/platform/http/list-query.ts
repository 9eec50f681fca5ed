import { createHmac, timingSafeEqual } from 'node:crypto';
import { KolateError } from '../../contracts/errors';
import type { ListQuery } from '../../contracts/http/common';
import type { Sql } from '../postgres/sql';
import type { CursorKeys } from './cursor-keys';
import { invalidRequest } from './register-route';

/** A list over one table: API field → SQL column. `id` is the tie-break column and has to be unique. */
export type ListSource = {
  readonly from: string;
  readonly columns: Readonly<Record<string, string>>;
  readonly filterable: readonly string[];
  readonly sortable: readonly string[];
  readonly defaultSort: string;
  readonly id: string;
  /** Conditions that hold whatever the caller asks, with `$1` … for `values`. */
  readonly where?: { readonly text: string; readonly values: readonly unknown[] };
};

/** A list over tables that are alike in several databases. Pages are put together by the text of what they sort by. */
export type SpreadListSource = ListSource & {
  /** Of each sortable column and of `id`, text sorts byte by byte as values do: uuid, fixed-width times. */
  readonly sortsAsText: true;
};

export type ListPage = { readonly items: Record<string, unknown>[]; readonly nextCursor?: string };

type Cursor = { readonly sort: string; readonly filter: string; readonly value: string; readonly id: string };

/**
 * Keyset lists with an opaque cursor that is signed, so that nobody makes one up, believed by any of `keys`, and bound to the sort and filter
 * that it came from. Values are compared as PostgreSQL's own text of them, cast back to the column's type.
 */
export function createLister(keys: CursorKeys) {
  const sign = (payload: string, [key] = keys): string =>
    createHmac('sha256', key).update(payload).digest('base64url').slice(0, 22);
  const encode = (cursor: Cursor): string => {
    const payload = Buffer.from(JSON.stringify(cursor)).toString('base64url');
    return `${payload}.${sign(payload)}`;
  };
  const decode = (text: string, sort: string, filter: string): Cursor => {
    const [payload = '', signature = ''] = text.split('.');
    const given = Buffer.from(signature);
    const isBy = (key: string): boolean => {
      const expected = Buffer.from(sign(payload, [key]));
      return given.length === expected.length && timingSafeEqual(given, expected);
    };
    const genuine = keys.some(isBy);
    const cursor = genuine ? (JSON.parse(Buffer.from(payload, 'base64url').toString()) as Cursor) : undefined;
    if (cursor?.sort === sort && cursor.filter === filter) return cursor;
    throw new KolateError(
      'KLT_CURSOR_INVALID',
      'use the nextCursor of the last answer, with the same filter and sort',
      {
        errors: [{ parameter: 'cursor', in: 'query', detail: 'was not given out by this list' }],
      },
    );
  };

  /** The query that reads one row more than the page has, and the page that its rows make. */
  const planOf = (source: ListSource, query: ListQuery) => {
    const limit = query.limit ?? 50;
    const sort = query.sort ?? source.defaultSort;
    const filter = query.filter ?? '';
    const fields = fieldsOf(source, query.fields);
    const { column, descending } = sortOf(source, sort);
    const values: unknown[] = [...(source.where?.values ?? [])];
    const conditions = [source.where?.text ?? 'true', ...filterConditions(source, filter, values)];
    if (query.cursor !== undefined) {
      const cursor = decode(query.cursor, sort, filter);
      values.push(cursor.value, cursor.id);
      const [value, id] = [`$${values.length - 1}`, `$${values.length}`];
      conditions.push(`(${column}, ${source.id}) ${descending ? '<' : '>'} (${value}, ${id})`);
    }
    values.push(limit + 1);
    const direction = descending ? 'desc' : 'asc';
    const text = `select ${fields.map((field) => `${source.columns[field]} as "${field}"`).join(', ')},
                ${column}::text as _sort, ${source.id}::text as _id
         from ${source.from} where ${conditions.join(' and ')}
         order by ${column} ${direction}, ${source.id} ${direction} limit $${values.length}`;
    const toPage = (rows: readonly Row[]): ListPage => {
      const page = rows.slice(0, limit);
      const last = page.at(-1);
      const items = page.map(({ _sort, _id, ...item }) => item);
      return rows.length > limit && last
        ? { items, nextCursor: encode({ sort, filter, value: last._sort, id: last._id }) }
        : { items };
    };
    return { read: async (sql: Sql): Promise<Row[]> => (await sql.query<Row>(text, values)).rows, toPage, descending };
  };

  return {
    /** @throws KolateError KLT_REQUEST_INVALID for an unknown field, KLT_CURSOR_INVALID */
    async list(sql: Sql, source: ListSource, query: ListQuery): Promise<ListPage> {
      const { read, toPage } = planOf(source, query);
      return toPage(await read(sql));
    },
    /**
     * The same list over several databases, asked side by side for a page each. When one does not answer there is no page.
     * @throws KolateError as `list`, and as the database that failed
     */
    async listAcross(all: readonly Sql[], source: SpreadListSource, query: ListQuery): Promise<ListPage> {
      const { read, toPage, descending } = planOf(source, query);
      const rows = (await Promise.all(all.map(read))).flat();
      if (all.length > 1) rows.sort(descending ? (a, b) => byText(b, a) : byText);
      return toPage(rows);
    },
  };
}

type Row = Record<string, unknown> & { readonly _sort: string; readonly _id: string };

const byText = (a: Row, b: Row): number => compare(a._sort, b._sort) || compare(a._id, b._id);
const compare = (a: string, b: string): number => (a < b ? -1 : Number(a > b));

function fieldsOf(source: ListSource, fields: string | undefined): string[] {
  const known = Object.keys(source.columns);
  if (fields === undefined) return known;
  const wanted = fields.split(',').map((field) => field.trim());
  for (const field of wanted) if (!known.includes(field)) throw unknownField('fields', field, known);
  return wanted;
}

function sortOf(source: ListSource, sort: string): { column: string; descending: boolean } {
  const descending = sort.startsWith('-');
  const field = descending ? sort.slice(1) : sort;
  const column = source.columns[field];
  if (column === undefined || !source.sortable.includes(field)) throw unknownField('sort', field, source.sortable);
  return { column, descending };
}

function filterConditions(source: ListSource, filter: string, values: unknown[]): string[] {
  if (filter === '') return [];
  return filter.split(',').map((term) => {
    const [field = '', ...rest] = term.split(':');
    const column = source.columns[field.trim()];
    if (column === undefined || rest.length === 0 || !source.filterable.includes(field.trim())) {
      throw unknownField('filter', field, source.filterable);
    }
    values.push(rest.join(':'));
    return `${column}::text = $${values.length}`;
  });
}

const unknownField = (part: string, field: string, known: readonly string[]): KolateError =>
  invalidRequest([{ parameter: part, in: 'query', detail: `does not know "${field}"; it knows ${known.join(', ')}` }]);

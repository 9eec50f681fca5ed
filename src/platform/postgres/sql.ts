import type { QueryResult, QueryResultRow } from 'pg';
import { KolateError } from '../../contracts/errors';

type Tag<T> = (strings: TemplateStringsArray, ...values: unknown[]) => Promise<T>;

/**
 * SQL written as SQL: values in the template become parameters. Which database and role it runs in is the handle's
 * business; `Core` and `Tenant` handles are told apart by their brand.
 */
export type Sql<Brand extends string = string> = {
  readonly brand: Brand;
  /** Exactly one row, else an error. */
  one<R extends QueryResultRow>(...tag: Parameters<Tag<R>>): Promise<R>;
  /** The row, or undefined. */
  maybe<R extends QueryResultRow>(...tag: Parameters<Tag<R>>): Promise<R | undefined>;
  many<R extends QueryResultRow>(...tag: Parameters<Tag<R[]>>): Promise<R[]>;
  /** How many rows it touched. */
  run(...tag: Parameters<Tag<number>>): Promise<number>;
  /** For text that is put together (identifiers, lists) or that deserves a named prepared statement. */
  query<R extends QueryResultRow>(text: string, values?: readonly unknown[], name?: string): Promise<QueryResult<R>>;
};

export type CoreSql = Sql<'core'>;
export type TenantSql = Sql<'tenant'>;

type Runner = <R extends QueryResultRow>(
  text: string,
  values: readonly unknown[],
  name?: string,
) => Promise<QueryResult<R>>;

const numbered = (strings: TemplateStringsArray): string =>
  strings.reduce((text, part, index) => (index === 0 ? part : `${text}$${index}${part}`), '');

export function createSql<B extends string>(brand: B, run: Runner): Sql<B> {
  const rowsOf = async <R extends QueryResultRow>(strings: TemplateStringsArray, values: unknown[]): Promise<R[]> =>
    (await run<R>(numbered(strings), values)).rows;
  return {
    brand,
    async one<R extends QueryResultRow>(strings: TemplateStringsArray, ...values: unknown[]) {
      const rows = await rowsOf<R>(strings, values);
      if (rows.length !== 1) throw new Error(`expected one row, got ${rows.length}: ${numbered(strings)}`);
      return rows[0] as R;
    },
    async maybe<R extends QueryResultRow>(strings: TemplateStringsArray, ...values: unknown[]) {
      return (await rowsOf<R>(strings, values))[0];
    },
    many: (strings, ...values) => rowsOf(strings, values),
    run: async (strings, ...values) => (await run(numbered(strings), values)).rowCount ?? 0,
    query: (text, values = [], name) => run(text, values, name),
  };
}

const unavailable = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ETIMEDOUT',
  'EPIPE',
  'ENOTFOUND',
  '57P01',
  '57P02',
  '57P03',
  '53300',
  // It takes no writes: a standby, or a database that is being moved.
  '25006',
  '08006',
  '08001',
]);

/** Whether it is about a connection that was lost or refused. */
export function isUnavailable(error: unknown): boolean {
  // Not `instanceof Error`: under jest, errors of node itself come from another realm.
  if (typeof error !== 'object' || error === null || error instanceof KolateError) return false;
  const code = 'code' in error ? String(error.code) : '';
  return (
    unavailable.has(code) ||
    /Connection terminated|Query read timeout|timeout exceeded when trying to connect|Client has encountered a connection error/.test(
      'message' in error ? String(error.message) : '',
    )
  );
}

/** A lost or refused connection as KLT_DEPENDENCY_UNAVAILABLE; every other error as it is. */
export function mapPostgresError(error: unknown, label = 'PostgreSQL'): unknown {
  if (!isUnavailable(error)) return error;
  return new KolateError('KLT_DEPENDENCY_UNAVAILABLE', `${label} does not answer`, {
    retryAfterSeconds: 1,
    cause: error,
  });
}

/** Whether `error` is PostgreSQL's unique violation, of the constraint `constraint` where one is named. */
export function isUniqueViolation(error: unknown, constraint?: string): boolean {
  return (
    error instanceof Error &&
    'code' in error &&
    error.code === '23505' &&
    (constraint === undefined || ('constraint' in error && error.constraint === constraint))
  );
}

import { Pool, type PoolClient, types } from 'pg';
import { createSql, mapPostgresError, type Sql } from './sql';

// bigint (20) as number: our counters and offsets stay below 2^53. Read where they are summed, they would be text otherwise.
types.setTypeParser(20, Number);

export type PostgresOptions = {
  readonly url: string;
  /** Shown in pg_stat_activity. */
  readonly name: string;
  readonly maxConnections?: number;
  readonly statementTimeoutMs?: number;
};

export type Postgres<B extends string = string> = {
  readonly sql: Sql<B>;
  /** Runs `act` in one transaction on one connection: committed when it resolves, rolled back when it throws. */
  transaction<T>(act: (sql: Sql<B>) => Promise<T>): Promise<T>;
  /** @throws KolateError KLT_DEPENDENCY_UNAVAILABLE */
  ping(): Promise<void>;
  /** The pool itself, for LISTEN and COPY. */
  readonly pool: Pool;
  close(): Promise<void>;
};

/** A bounded pool on one database. Waits for a connection at most 5 s, for a statement `statementTimeoutMs` (10 s). */
export function createPostgres<B extends string>(brand: B, options: PostgresOptions): Postgres<B> {
  const pool = new Pool({
    connectionString: options.url,
    application_name: options.name,
    max: options.maxConnections ?? 8,
    connectionTimeoutMillis: 5_000,
    idleTimeoutMillis: 30_000,
    statement_timeout: options.statementTimeoutMs ?? 10_000,
    keepAlive: true,
  });
  // An idle connection that breaks is replaced at its next use; without a listener it would end the process.
  pool.on('error', () => undefined);
  return {
    sql: createSql(brand, async (text, values, name) => {
      try {
        return await pool.query({ text, values: [...values], name });
      } catch (error) {
        throw mapPostgresError(error);
      }
    }),
    transaction: (act) => inTransaction(pool, (client) => act(sqlOf(brand, client))),
    async ping() {
      try {
        await pool.query('select 1');
      } catch (error) {
        throw mapPostgresError(error);
      }
    },
    pool,
    close: () => pool.end(),
  };
}

const sqlOf = <B extends string>(brand: B, client: PoolClient): Sql<B> =>
  createSql(brand, (text, values, name) => client.query({ text, values: [...values], name }));

async function inTransaction<T>(pool: Pool, act: (client: PoolClient) => Promise<T>): Promise<T> {
  let client: PoolClient | undefined;
  try {
    client = await pool.connect();
    await client.query('begin');
    const result = await act(client);
    await client.query('commit');
    client.release();
    return result;
  } catch (error) {
    const clean = await client?.query('rollback').then(
      () => true,
      () => false,
    );
    client?.release(clean === false);
    throw mapPostgresError(error);
  }
}

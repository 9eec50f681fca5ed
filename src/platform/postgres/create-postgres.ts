import {
  Pool,
  type PoolClient,
  type PoolConfig,
  type QueryConfig,
  type QueryResult,
  type QueryResultRow,
  types,
} from 'pg';
import type { Trust } from '../tls/trust';
import { connectToLeader, refuseFollower } from './leader';
import { createSql, mapPostgresError, type Sql } from './sql';

// bigint (20) as number: our counters and offsets stay below 2^53. Read where they are summed, they would be text otherwise.
types.setTypeParser(20, Number);

export type PostgresOptions = {
  readonly url: string;
  /**
   * Hosts of which one leads and the others copy it, at any time another: the host of `url` is one of them. New connections
   * go to whoever leads. @default - the host of `url` alone
   */
  readonly members?: readonly string[];
  /** Shown in pg_stat_activity. */
  readonly name: string;
  /** What it is called when it does not answer. @default 'PostgreSQL' */
  readonly label?: string;
  readonly maxConnections?: number;
  readonly statementTimeoutMs?: number;
  /** How long a server that has gone silent is waited for; its own statement timeout cannot say it. @default - without end */
  readonly answerTimeoutMs?: number;
  /** Where the password comes from when it is not in `url`: asked for each new connection. */
  readonly password?: RenewablePassword;
  /** TLS, and only to a server that shows a certificate of whom this process trusts (`trustCertificates`). */
  readonly tls?: Trust;
};

/** A password that may be replaced while we run: `renew` makes `current` answer the newest one. */
export type RenewablePassword = {
  readonly current: (user: string) => Promise<string>;
  readonly renew: () => Promise<unknown>;
  /** As whom one comes in now, where two users take turns. Absent: always as the same. */
  readonly user?: () => Promise<string>;
};

export type Postgres<B extends string = string> = {
  readonly sql: Sql<B>;
  /** Runs `act` in one transaction on one connection: committed when it resolves, rolled back when it throws. */
  transaction<T>(act: (sql: Sql<B>) => Promise<T>): Promise<T>;
  /** @throws KolateError KLT_DEPENDENCY_UNAVAILABLE */
  ping(): Promise<void>;
  /** A connection of one's own, to be released. */
  connect(): Promise<PoolClient>;
  /** The pool itself. */
  readonly pool: Pool;
  close(): Promise<void>;
};

/**
 * A bounded pool on one database. Waits for a connection at most 5 s (3 s for each of several members), for a statement
 * `statementTimeoutMs` (10 s).
 */
export function createPostgres<B extends string>(brand: B, options: PostgresOptions): Postgres<B> {
  const { members = [] } = options;
  const pool: Pool = new Pool({
    ...connectionOf(options, (user) => {
      pool.options.user = user;
    }),
    application_name: options.name,
    max: options.maxConnections ?? 8,
    connectionTimeoutMillis: members.length > 1 ? 3_000 : 5_000,
    verify: members.length > 1 ? refuseFollower : undefined,
    idleTimeoutMillis: 30_000,
    statement_timeout: options.statementTimeoutMs ?? 10_000,
    query_timeout: options.answerTimeoutMs,
    keepAlive: true,
  });
  // An idle connection that breaks is replaced at its next use; without a listener it would end the process.
  pool.on('error', () => undefined);
  // So is one that breaks while it is lent out: whoever has it learns of it from its next statement.
  pool.on('connect', (client) => client.on('error', () => undefined));
  const mapped = async <T>(act: () => Promise<T>): Promise<T> => {
    try {
      return await withRenewal(options.password, act);
    } catch (error) {
      throw mapPostgresError(error, options.label);
    }
  };
  const connect = () => connectToLeader(pool, members);
  const run = <R extends QueryResultRow>(query: QueryConfig): Promise<QueryResult<R>> =>
    members.length > 1 ? onConnection(connect, query) : pool.query<R>(query);
  return {
    sql: createSql(brand, (text, values, name) => mapped(() => run({ text, values: [...values], name }))),
    transaction: (act) => mapped(() => inTransaction(connect, (client) => act(sqlOf(brand, client)))),
    async ping() {
      await mapped(() => run({ text: 'select 1' }));
    },
    connect,
    pool,
    close: () => pool.end(),
  };
}

/** @param comeInAs told the user of connections after this one, when another's turn has come */
function connectionOf({ url, password, tls = false }: PostgresOptions, comeInAs: (user: string) => void): PoolConfig {
  if (!password) return { connectionString: url, ssl: tls };
  // A connection string without a password would count as one with an empty password.
  const { hostname, port, username, pathname } = new URL(url);
  const first = decodeURIComponent(username);
  return {
    host: hostname,
    port: Number(port || 5432),
    user: first,
    database: decodeURIComponent(pathname.slice(1)),
    // A connection has said who it is before it is asked for a password; where two users take turns, both are let in.
    password: async ({ user = first }: { readonly user?: string } = {}) => {
      if (password.user) comeInAs(await password.user());
      return password.current(user);
    },
    ssl: tls,
  };
}

const invalidPassword = '28P01';

/** Tries once more with a renewed password. It is refused on connecting, so that nothing of `act` has happened then. */
async function withRenewal<T>(password: RenewablePassword | undefined, act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    const refused = error instanceof Error && 'code' in error && error.code === invalidPassword;
    if (!password || !refused) throw error;
    await password.renew();
    return act();
  }
}

const sqlOf = <B extends string>(brand: B, client: PoolClient): Sql<B> =>
  createSql(brand, (text, values, name) => client.query({ text, values: [...values], name }));

async function onConnection<R extends QueryResultRow>(
  connect: () => Promise<PoolClient>,
  query: QueryConfig,
): Promise<QueryResult<R>> {
  const client = await connect();
  // As the pool itself does it: a connection that had an error is not used again.
  let failed = true;
  try {
    const result = await client.query<R>(query);
    failed = false;
    return result;
  } finally {
    client.release(failed);
  }
}

async function inTransaction<T>(
  connect: () => Promise<PoolClient>,
  act: (client: PoolClient) => Promise<T>,
): Promise<T> {
  let client: PoolClient | undefined;
  try {
    client = await connect();
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
    throw error;
  }
}

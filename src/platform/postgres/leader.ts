import type { Pool, PoolClient } from 'pg';
import { isUnavailable } from './sql';

/** PostgreSQL's code for a write to a server that only copies another. */
const readOnly = '25006';

/** For the pool, which asks it about each new connection: not to be had from a server that only copies another. */
export function refuseFollower(client: PoolClient, done: (error?: Error) => void): void {
  client
    .query<{ follows: boolean }>('select pg_is_in_recovery() as follows')
    .then(
      ({ rows }) =>
        done(rows[0]?.follows ? Object.assign(new Error('this member does not lead'), { code: readOnly }) : undefined),
      done,
    );
}

/**
 * A connection to whoever leads. The member that led last is asked first; when it does not answer, or leads no more, the
 * others are asked in turn, each once.
 * @param pool it goes on with the member that was found @param members hosts; one or none: the pool's own
 * @throws what the last one asked said
 */
export async function connectToLeader(pool: Pool, members: readonly string[]): Promise<PoolClient> {
  for (let tries = 1; ; tries += 1) {
    const { host = '' } = pool.options;
    try {
      return await pool.connect();
    } catch (error) {
      if (tries >= members.length || !isUnavailable(error)) throw error;
      // Unless somebody else has gone on to another meanwhile.
      if (pool.options.host === host) pool.options.host = members[(members.indexOf(host) + 1) % members.length];
    }
  }
}

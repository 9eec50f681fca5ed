import { createHash } from 'node:crypto';
import { KolateError } from '../../contracts/errors';
import type { Route } from '../../contracts/http/route';
import type { Postgres } from '../postgres/create-postgres';
import type { Sql } from '../postgres/sql';
import type { Answer, Call } from './register-route';

type Kept = { request_sha256: string; status: number; headers: Record<string, string>; body: string | null };

const keptFor = '24 hours';

/**
 * Runs `act` in one transaction together with the record of its answer: a request that is sent again with the same
 * `Idempotency-Key` gets the same answer for 24 hours and has no second effect, whatever crashed in between. Without a
 * key it is one transaction and nothing more. A refusal rolls back and is not kept, since it changed nothing.
 * @param schema of the `idempotency_key` table
 * @throws KolateError KLT_IDEMPOTENCY_KEY_REUSED (another request had the key), KLT_IDEMPOTENCY_IN_PROGRESS
 */
export function runIdempotently<B extends string, R extends Route>(
  postgres: Postgres<B>,
  schema: string,
  call: Call<R>,
  act: (sql: Sql<B>) => Promise<Answer>,
): Promise<Answer> {
  const { idempotencyKey: key } = call;
  if (key === undefined) return postgres.transaction(act);
  const scope = `${call.identity.tenantId ?? call.identity.subject} ${call.route.operationId}`;
  const requestSha256 = digest([call.params, call.query, call.body]);
  return postgres.transaction(async (sql) => {
    const lock = await sql.one<{ got: boolean }>`
      select pg_try_advisory_xact_lock(hashtextextended(${`${schema} ${scope} ${key}`}, 0)) as got`;
    if (!lock.got) {
      throw new KolateError('KLT_IDEMPOTENCY_IN_PROGRESS', 'the first request with this key is still running', {
        retryAfterSeconds: 1,
      });
    }
    const { rows } = await sql.query<Kept>(
      `select request_sha256, status, headers, body from ${schema}.idempotency_key
       where scope = $1 and key = $2 and created_at > now() - interval '${keptFor}'`,
      [scope, key],
    );
    const kept = rows[0];
    if (kept) return replay(kept, requestSha256);
    const answer = await act(sql);
    await sql.query(
      `insert into ${schema}.idempotency_key (scope, key, request_sha256, status, headers, body)
       values ($1, $2, $3, $4, $5, $6)
       on conflict (scope, key) do update set request_sha256 = excluded.request_sha256, status = excluded.status,
         headers = excluded.headers, body = excluded.body, created_at = now()`,
      [
        scope,
        key,
        requestSha256,
        answer.status,
        JSON.stringify(answer.headers ?? {}),
        JSON.stringify(answer.body ?? null),
      ],
    );
    return answer;
  });
}

/** Forgets keys past their time, at most `limit` at once. @returns how many */
export async function forgetOldKeys(sql: Sql, schema: string, limit = 5_000): Promise<number> {
  const { rowCount } = await sql.query(
    `delete from ${schema}.idempotency_key where ctid in (
       select ctid from ${schema}.idempotency_key where created_at < now() - interval '${keptFor}' limit $1)`,
    [limit],
  );
  return rowCount ?? 0;
}

function replay(kept: Kept, requestSha256: string): Answer {
  if (kept.request_sha256 !== requestSha256) {
    throw new KolateError(
      'KLT_IDEMPOTENCY_KEY_REUSED',
      'this key came with another request before; use a new key for a new request',
      {
        errors: [{ parameter: 'idempotency-key', in: 'header', detail: 'was used with another request' }],
      },
    );
  }
  const body: unknown = kept.body === null ? undefined : JSON.parse(kept.body);
  return { status: kept.status, headers: { ...kept.headers, 'idempotency-replayed': 'true' }, body: body ?? undefined };
}

const digest = (value: unknown): string => createHash('sha256').update(canonical(value)).digest('hex');

/** JSON with sorted keys, so that the order of a body's members does not matter. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (typeof value === 'object' && value !== null) {
    const members = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
    return `{${members.map(([key, member]) => `${JSON.stringify(key)}:${canonical(member)}`).join(',')}}`;
  }
  return JSON.stringify(value) ?? 'null';
}

import { escapeIdentifier, escapeLiteral } from 'pg';
import { KolateError } from '../../../contracts/errors';
import type { PostgresAdmin } from './postgres-admin';

/** What is known of a stack of the pool: the comment of its PostgreSQL role, so that nothing else has to be kept. */
export type StackMark = {
  readonly tenantId: string;
  /** `building` until all of its stores are there; what is `leaving` is never used again. */
  readonly state: 'building' | 'ready' | 'leaving';
  readonly requestToken: string;
};

const prefixOf = (stack: string): string => `kolate stack ${stack} `;

export const markText = (stack: string, mark: StackMark): string => prefixOf(stack) + JSON.stringify(mark);

/** Undefined where there is no stack of that name. */
export async function readMark(admin: PostgresAdmin, stack: string): Promise<StackMark | undefined> {
  const { rows } = await admin.query<{ mark: string }>(
    `select substr(description, length($1) + 1) as mark from pg_shdescription
     where classoid = 'pg_authid'::regclass and starts_with(description, $1)`,
    [prefixOf(stack)],
  );
  const [row] = rows;
  if (!row) return undefined;
  const mark: StackMark = JSON.parse(row.mark);
  return mark;
}

export async function writeMark(admin: PostgresAdmin, user: string, stack: string, mark: StackMark): Promise<void> {
  await admin.query(`comment on role ${escapeIdentifier(user)} is ${escapeLiteral(markText(stack, mark))}`);
}

const lockNotAvailable = '55P03';

/**
 * Waits until nobody else is at this stack, in any process; it is given back with the session.
 * @throws KolateError KLT_DEPENDENCY_UNAVAILABLE when somebody is at it for longer than 50 s
 */
export async function lockStack(admin: PostgresAdmin, stack: string): Promise<void> {
  await admin.query(`set lock_timeout = '50s'`);
  try {
    await admin.query('select pg_advisory_lock(hashtextextended($1, 0))', [stack]);
  } catch (error) {
    const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
    if (code !== lockNotAvailable) throw error;
    throw new KolateError('KLT_DEPENDENCY_UNAVAILABLE', `somebody else is at ${stack}`, { retryAfterSeconds: 5 });
  }
}

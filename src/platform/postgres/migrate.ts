import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { KolateError } from '../../contracts/errors';
import type { Postgres } from './create-postgres';

export type AppliedMigration = { readonly name: string; readonly sha256: string };

type Migration = AppliedMigration & { readonly text: string };

/** The numbered `.sql` files of a folder, in order. */
export async function readMigrations(folder: string): Promise<Migration[]> {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.sql')).sort();
  return Promise.all(
    names.map(async (name) => {
      const text = await readFile(join(folder, name), 'utf8');
      return { name, text, sha256: createHash('sha256').update(text).digest('hex') };
    }),
  );
}

/**
 * Applies what is missing, each file in a transaction of its own, one migrator at a time, and records it in
 * `public.kolate_migration`. Forward only.
 * @returns the names applied now
 * @throws KolateError KLT_MIGRATION_FAILED when a file fails, or when one that was applied has been changed since
 */
export async function migrate(postgres: Postgres, migrations: readonly Migration[]): Promise<string[]> {
  const applied: string[] = [];
  for (const migration of migrations) {
    if (await applyOne(postgres, migration)) applied.push(migration.name);
  }
  return applied;
}

const applyOne = (postgres: Postgres, { name, text, sha256 }: Migration): Promise<boolean> =>
  postgres.transaction(async (sql) => {
    // The lock is the transaction's, so that a migrator that dies leaves nothing behind.
    await sql.run`select pg_advisory_xact_lock(hashtext('kolate_migration'))`;
    await sql.run`create table if not exists public.kolate_migration (
      name text primary key, sha256 text not null, applied_at timestamptz not null default now())`;
    const known =
      await sql.maybe<AppliedMigration>`select name, sha256 from public.kolate_migration where name = ${name}`;
    if (known && known.sha256 !== sha256) {
      throw new KolateError(
        'KLT_MIGRATION_FAILED',
        `${name} was changed after it had been applied; add a new migration instead`,
      );
    }
    if (known) return false;
    try {
      await sql.query(text);
    } catch (error) {
      throw new KolateError('KLT_MIGRATION_FAILED', `${name}: ${error instanceof Error ? error.message : error}`, {
        cause: error,
      });
    }
    await sql.run`insert into public.kolate_migration (name, sha256) values (${name}, ${sha256})`;
    return true;
  });

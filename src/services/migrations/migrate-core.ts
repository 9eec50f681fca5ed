import type { Logger } from '../../platform/logging/create-logger';
import type { Postgres } from '../../platform/postgres/create-postgres';
import { migrate, readMigrations } from '../../platform/postgres/migrate';

/** Of the services; the migrations make them. */
const roles = ['enterprise_info', 'core', 'predict'] as const;

/**
 * Brings the core database to the schema of this version, and lets the services' roles sign in: with IAM tokens where the
 * database takes them. Of a version that is there already nothing changes.
 * @param folder of numbered .sql files
 * @returns the names applied now
 * @throws KolateError KLT_MIGRATION_FAILED, KLT_DEPENDENCY_UNAVAILABLE
 */
export async function migrateCore(postgres: Postgres<'core'>, folder: string, log: Logger): Promise<string[]> {
  const applied = await migrate(postgres, await readMigrations(folder));
  for (const name of applied) log.info({ migration: name }, 'applied');
  const takesTokens = await postgres.sql.maybe`select from pg_roles where rolname = 'rds_iam'`;
  // A role that has it can sign in with tokens alone; the names are ours and cannot be parameters here.
  if (takesTokens) for (const role of roles) await postgres.sql.query(`grant rds_iam to ${role}`);
  log.info({ applied: applied.length, tokens: takesTokens !== undefined }, 'the core database is up to date');
  return applied;
}

import { escapeIdentifier, escapeLiteral } from 'pg';
import { databaseExists, type PostgresAdmin, roleExists } from './postgres-admin';
import type { TenantNames } from './tenant-names';

const connectionLimit = 40;

/**
 * A role and its own database, or a new password for the role that is there. Nobody but the owner and the superuser may
 * connect to it. The administrator needs no more than to make roles and databases, as that of Aurora.
 * @param comment of the role: it is there whenever the role is
 */
export async function ensurePostgresTenant(
  admin: PostgresAdmin,
  { user, database }: TenantNames,
  password: string,
  comment?: string,
): Promise<void> {
  const [role, name] = [escapeIdentifier(user), escapeIdentifier(database)];
  await admin.query('begin');
  const access = `login connection limit ${connectionLimit} password ${escapeLiteral(password)}`;
  if (await roleExists(admin, user)) await admin.query(`alter role ${role} ${access}`);
  else await admin.query(`create role ${role} nosuperuser nocreatedb nocreaterole ${access}`);
  if (comment !== undefined) await admin.query(`comment on role ${role} is ${escapeLiteral(comment)}`);
  await admin.query('commit');
  await actAsOwner(admin, role);
  if (!(await databaseExists(admin, database))) {
    await admin.query(`create database ${name} owner ${role} template template0`);
  }
  await asRole(admin, role, `revoke connect, temporary on database ${name} from public`);
}

/** Also when they are gone already. */
export async function dropPostgresTenant(admin: PostgresAdmin, { user, database }: TenantNames): Promise<void> {
  const [role, name] = [escapeIdentifier(user), escapeIdentifier(database)];
  if (!(await roleExists(admin, user))) return;
  await actAsOwner(admin, role);
  await asRole(admin, role, `drop database if exists ${name} with (force)`);
  await admin.query(`drop role if exists ${role}`);
}

/** Whoever has made a role without being a superuser may hand it out, to itself too, and only then act as it. */
async function actAsOwner(admin: PostgresAdmin, role: string): Promise<void> {
  const { rows } = await admin.query('select rolsuper from pg_roles where rolname = current_user');
  if (rows[0]?.rolsuper !== true) await admin.query(`grant ${role} to current_user with inherit false, set true`);
}

/** For what is the owner's alone to do. */
async function asRole(admin: PostgresAdmin, role: string, statement: string): Promise<void> {
  await admin.query(`set role ${role}`);
  try {
    await admin.query(statement);
  } finally {
    await admin.query('reset role');
  }
}

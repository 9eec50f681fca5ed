import { createHash, createHmac, pbkdf2Sync, randomBytes } from 'node:crypto';
import { Client, escapeIdentifier, escapeLiteral } from 'pg';
import { type StoreSecret, tlsOf } from './store-secret';
import type { NewPassword } from './store-users';
import { firstUser } from './turns';

const iterations = 4_096;

/** The second user is a member of the first and acts as it from its first statement on: what it makes is the first's. */
export const setPostgresPassword = (by: StoreSecret, { username, password, like }: NewPassword): Promise<void> =>
  withClient(by, async (client) => {
    const role = escapeIdentifier(username);
    const { rowCount } = await client.query('select from pg_roles where rolname = $1', [username]);
    const secret = `password ${escapeLiteral(verifierOf(password))}`;
    if (rowCount === 1) {
      // A second user begins as the first; nothing but its password may a role set for itself, as itself.
      await client.query('set role none');
      await client.query(`alter role ${role} ${secret}`);
      return;
    }
    const first = escapeIdentifier(firstUser(like));
    await client.query('begin');
    await client.query(`create role ${role} login ${secret} inherit in role ${first}`);
    await client.query(`alter role ${role} set role to ${escapeLiteral(firstUser(like))}`);
    await client.query('commit');
  });

export const tryPostgres = (secret: StoreSecret): Promise<void> =>
  withClient(secret, async (client) => {
    await client.query('select 1');
  });

/** What PostgreSQL would make of the password by itself (RFC 5803): so, the password is in no log of statements. */
function verifierOf(password: string): string {
  const salt = randomBytes(16);
  const salted = pbkdf2Sync(password.normalize('NFKC'), salt, iterations, 32, 'sha256');
  const hmac = (text: string) => createHmac('sha256', salted).update(text).digest();
  const stored = createHash('sha256').update(hmac('Client Key')).digest('base64');
  return `SCRAM-SHA-256$${iterations}:${salt.toString('base64')}$${stored}:${hmac('Server Key').toString('base64')}`;
}

async function withClient(secret: StoreSecret, act: (client: Client) => Promise<void>): Promise<void> {
  const client = new Client({
    host: secret.host,
    port: Number(secret.port),
    user: secret.username,
    password: secret.password,
    database: secret.dbname ?? 'postgres',
    ssl: tlsOf(secret),
    application_name: 'rotate-secret',
    connectionTimeoutMillis: 5_000,
    query_timeout: 10_000,
  });
  client.on('error', () => undefined);
  try {
    await client.connect();
    await act(client);
  } finally {
    await client.end().catch(() => undefined);
  }
}

import { join } from 'node:path';
import { MigrationsEnv } from '../../contracts/env/migrations-env';
import { readEnv } from '../../platform/config/read-env';
import { trustCertificates } from '../../platform/config/trust-certificates';
import { createLogger } from '../../platform/logging/create-logger';
import { createPostgres } from '../../platform/postgres/create-postgres';
import { migrateCore } from './migrate-core';

/** Beside `dist/`, of which this file is `src/services/migrations/main.js`. */
const folder = join(__dirname, '../../../../migrations/core');
/** One statement may build an index. */
const statementTimeoutMs = 600_000;

/** Ends with the exit code 0 when the schema is there, else 1. */
async function main(): Promise<void> {
  const env = readEnv(MigrationsEnv, process.env);
  trustCertificates(env.KOLATE_POSTGRES_CA);
  const log = createLogger('migrations', env.KOLATE_LOG_LEVEL);
  const { KOLATE_POSTGRES_PASSWORD: secret } = env;
  const core = createPostgres('core', {
    url: env.KOLATE_POSTGRES_URL,
    tls: env.KOLATE_POSTGRES_CA !== undefined,
    name: 'migrations',
    maxConnections: 1,
    statementTimeoutMs,
    ...(secret === undefined ? {} : { password: { current: async () => secret, renew: async () => undefined } }),
  });
  try {
    await migrateCore(core, folder, log);
  } catch (error) {
    log.error({ err: error }, 'the core database was not brought up to date');
    process.exitCode = 1;
  } finally {
    await core.close();
  }
}

void main();

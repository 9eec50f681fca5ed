import { createPostgres, type Postgres } from '../../src/platform/postgres/create-postgres';
import { migrate, readMigrations } from '../../src/platform/postgres/migrate';
import { testPostgres } from './engines';

const migrationsFolder = `${__dirname}/../../migrations/tenant`;

export type TenantTestDatabase = {
  readonly url: string;
  readonly postgres: Postgres<'tenant'>;
  drop(): Promise<void>;
};

/** A database of its own with the tenants' migrations, and a pool on it as superuser. */
export async function tenantDatabase(maxConnections = 6): Promise<TenantTestDatabase> {
  const server = await testPostgres();
  const template = await server.template('tenant', async (url) => {
    const migrator = createPostgres('tenant', { url, name: 'test-migrate' });
    await migrate(migrator, await readMigrations(migrationsFolder));
    await migrator.close();
  });
  const database = await server.createDatabase(template);
  const postgres = createPostgres('tenant', { url: database.url, name: 'test', maxConnections });
  return {
    url: database.url,
    postgres,
    async drop() {
      await postgres.close();
      await database.drop();
    },
  };
}

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createPostgres, type Postgres } from '../../../src/platform/postgres/create-postgres';
import { migrate, readMigrations } from '../../../src/platform/postgres/migrate';
import { type TestDatabase, testPostgres } from '../../helpers/engines';

describe('migrations', () => {
  let database: TestDatabase;
  let postgres: Postgres;
  let folder: string;

  beforeEach(async () => {
    database = await (await testPostgres()).createDatabase();
    postgres = createPostgres('core', { url: database.url, name: 'test', maxConnections: 4 });
    folder = await mkdtemp(join(tmpdir(), 'kolate-migrations-'));
    await writeFile(join(folder, '0002-add.sql'), 'alter table thing add column size int');
    await writeFile(join(folder, '0001-thing.sql'), 'create table thing (id int primary key)');
  });
  afterEach(async () => {
    await postgres.close();
    await database.drop();
    await rm(folder, { recursive: true });
  });
  const run = async () => migrate(postgres, await readMigrations(folder));

  it('are applied in order, once, and recorded', async () => {
    expect(await run()).toEqual(['0001-thing.sql', '0002-add.sql']);
    expect(await run()).toEqual([]);
    await writeFile(join(folder, '0003-row.sql'), 'insert into thing values (1, 2)');
    expect(await run()).toEqual(['0003-row.sql']);
    expect(await postgres.sql.many`select * from thing`).toEqual([{ id: 1, size: 2 }]);
  });

  it('are applied by one of several migrators that start at once', async () => {
    const applied = await Promise.all([run(), run(), run()]);
    expect(applied.flat().sort()).toEqual(['0001-thing.sql', '0002-add.sql']);
  });

  it('leave nothing of a file that fails, and name it', async () => {
    await writeFile(join(folder, '0003-bad.sql'), 'create table half (id int); select * from nowhere');
    await expect(run()).rejects.toMatchObject({
      code: 'KLT_MIGRATION_FAILED',
      detail: expect.stringContaining('0003-bad.sql'),
    });
    const left = await postgres.sql.one<{ half: string | null }>`select to_regclass('half') as half`;
    expect(left.half).toBeNull();
  });

  it('refuse a file that was changed after it had been applied', async () => {
    await run();
    await writeFile(join(folder, '0001-thing.sql'), 'create table thing (id bigint primary key)');
    await expect(run()).rejects.toMatchObject({
      code: 'KLT_MIGRATION_FAILED',
      detail: expect.stringContaining('changed'),
    });
  });
});

import { createLister, type ListSource } from '../../../src/platform/http/list-query';
import { createPostgres, type Postgres } from '../../../src/platform/postgres/create-postgres';
import { type TestDatabase, testPostgres } from '../../helpers/engines';

const source: ListSource = {
  from: 'fruit',
  columns: { id: 'id', name: 'name', colour: 'colour', pickedAt: 'picked_at' },
  filterable: ['colour', 'name'],
  sortable: ['name', 'pickedAt'],
  defaultSort: 'pickedAt',
  id: 'id',
  where: { text: 'owner = $1', values: ['ann'] },
};

describe('a list', () => {
  let database: TestDatabase;
  let postgres: Postgres;
  const lister = createLister(['k'.repeat(32)]);
  const list = (query: Parameters<typeof lister.list>[2]) => lister.list(postgres.sql, source, query);

  beforeAll(async () => {
    database = await (await testPostgres()).createDatabase();
    postgres = createPostgres('core', { url: database.url, name: 'test' });
    await postgres.sql.query(
      'create table fruit (id int primary key, name text, colour text, picked_at timestamptz, owner text)',
    );
    // Two share each time stamp, so that the tie-break decides; the last belongs to somebody else.
    await postgres.sql.query(`insert into fruit select n, 'fruit-' || n, case n % 3 when 0 then 'red' else 'green' end,
      timestamptz '2026-01-01' + (n / 2) * interval '1 microsecond', 'ann' from generate_series(1, 9) n`);
    await postgres.sql.query(`insert into fruit values (10, 'alien', 'red', now(), 'bob')`);
  });
  afterAll(async () => {
    await postgres.close();
    await database.drop();
  });

  it.each(['pickedAt', '-pickedAt', 'name', '-name'])(
    'sorted by %s is complete and in order over its pages',
    async (sort) => {
      const ids: unknown[] = [];
      let cursor: string | undefined;
      do {
        const page = await list({ limit: 2, sort, ...(cursor === undefined ? {} : { cursor }) });
        ids.push(...page.items.map(({ id }) => id));
        cursor = page.nextCursor;
      } while (cursor !== undefined && ids.length < 20);
      const ascending = [1, 2, 3, 4, 5, 6, 7, 8, 9];
      expect(ids).toEqual(sort.startsWith('-') ? ascending.reverse() : ascending);
    },
  );

  it('is filtered and cut down to the fields asked for', async () => {
    expect(await list({ filter: 'colour:red', fields: 'name' })).toEqual({
      items: [{ name: 'fruit-3' }, { name: 'fruit-6' }, { name: 'fruit-9' }],
    });
  });

  it('takes a filter for text, never for SQL', async () => {
    expect(await list({ filter: "name:' or true --" })).toEqual({ items: [] });
  });

  it.each([
    [{ sort: 'colour' }, 'sort'],
    [{ filter: 'id:1' }, 'filter'],
    [{ filter: 'colour' }, 'filter'],
    [{ fields: 'owner' }, 'fields'],
  ])('refuses %p and names the parameter at fault', async (query, parameter) => {
    await expect(list(query)).rejects.toMatchObject({
      code: 'KLT_REQUEST_INVALID',
      options: { errors: [{ parameter, in: 'query' }] },
    });
  });

  it('goes on with cursors of the key before and of the one after, as tasks do that started at another time', async () => {
    const [before, now, next, after] = ['b', 'n', 'x', 'a'].map((letter) => letter.repeat(32)) as [string, ...string[]];
    const young = createLister([next ?? '', after ?? '', now ?? '']);
    const old = createLister([now ?? '', next ?? '', before]);
    for (const [gives, takes] of [
      [young, old],
      [old, young],
    ] as const) {
      const { nextCursor } = await gives.list(postgres.sql, source, { limit: 2 });
      const { items } = await takes.list(postgres.sql, source, { limit: 2, cursor: nextCursor });
      expect(items).toEqual((await list({ limit: 4 })).items.slice(2));
    }
    const { nextCursor } = await createLister([before]).list(postgres.sql, source, { limit: 2 });
    await expect(young.list(postgres.sql, source, { cursor: nextCursor })).rejects.toMatchObject({
      code: 'KLT_CURSOR_INVALID',
    });
  });

  it('refuses a cursor that it did not give out, or for another sort', async () => {
    const { nextCursor = '' } = await list({ limit: 2 });
    const [payload] = nextCursor.split('.');
    for (const query of [
      { cursor: 'x' },
      { cursor: `${payload}.${'0'.repeat(22)}` },
      { cursor: nextCursor, sort: 'name' },
    ]) {
      await expect(list(query)).rejects.toMatchObject({ code: 'KLT_CURSOR_INVALID' });
    }
    const other = createLister(['x'.repeat(32)]);
    await expect(other.list(postgres.sql, source, { cursor: nextCursor })).rejects.toMatchObject({
      code: 'KLT_CURSOR_INVALID',
    });
  });
});

import { Client } from 'pg';
import { createPostgresEngine } from '../../../local/engines/postgres-engine';
import { createOwnEngines } from '../../helpers/own-engines';

const engines = createOwnEngines();
afterAll(() => engines.end());

async function query(url: string, text: string): Promise<unknown[]> {
  const client = new Client({ connectionString: url });
  client.on('error', () => undefined);
  try {
    await client.connect();
    return (await client.query(text)).rows;
  } finally {
    await client.end().catch(() => undefined);
  }
}

const withPassword = (url: string, password: string) => Object.assign(new URL(url), { password }).href;

it('starts again on the same data after kill -9 with a session open, and keeps what was committed', async () => {
  const engine = createPostgresEngine({ ...(await engines.place('killed')), password: 'first' });
  const { url } = engine.endpoint;
  const running = await engines.start(engine);
  await query(url, 'create table kept (id int primary key)');
  await query(url, 'insert into kept values (1)');
  const open = new Client({ connectionString: url });
  open.on('error', () => undefined);
  await open.connect();
  await open.query('begin');
  await open.query('insert into kept values (2)');
  process.kill(running.pid, 'SIGKILL');
  await running.exited;
  await engines.start(engine);
  expect(await query(url, 'select id from kept')).toEqual([{ id: 1 }]);
});

it('lets nobody in with the password of another cluster, of the template or none', async () => {
  const one = createPostgresEngine({ ...(await engines.place('one')), password: "it's one" });
  const other = createPostgresEngine({ ...(await engines.place('other')), password: 'it is the other' });
  await Promise.all([engines.start(one), engines.start(other)]);
  const { url } = one.endpoint;
  expect(await query(url, 'select 1 as yes')).toEqual([{ yes: 1 }]);
  for (const password of ['it is the other', 'changed in every clone']) {
    await expect(query(withPassword(url, password), 'select 1')).rejects.toThrow('password authentication failed');
  }
  await expect(query(withPassword(url, ''), 'select 1')).rejects.toThrow(/password/);
});

it('listens on loopback only, with SCRAM for everybody', async () => {
  const engine = createPostgresEngine({ ...(await engines.place('closed')), password: 'closed' });
  await engines.start(engine);
  const rows = await query(
    engine.endpoint.url,
    `select (select string_agg(distinct auth_method, ',') from pg_hba_file_rules) as methods,
            current_setting('listen_addresses') as listens, current_setting('unix_socket_directories') as sockets`,
  );
  expect(rows).toEqual([{ methods: 'scram-sha-256', listens: '127.0.0.1', sockets: '' }]);
});

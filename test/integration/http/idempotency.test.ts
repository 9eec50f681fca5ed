import { KolateError } from '../../../src/contracts/errors';
import { createTenant } from '../../../src/contracts/http/tenants';
import { forgetOldKeys, runIdempotently } from '../../../src/platform/http/idempotency';
import type { Answer, Call } from '../../../src/platform/http/register-route';
import { createPostgres, type Postgres } from '../../../src/platform/postgres/create-postgres';
import { migrate, readMigrations } from '../../../src/platform/postgres/migrate';
import type { CoreSql } from '../../../src/platform/postgres/sql';
import { type TestDatabase, testPostgres } from '../../helpers/engines';
import { until } from '../../helpers/until';

type CreateCall = Call<typeof createTenant>;

const body = { slug: 'acme', name: 'Acme', tier: 'pool', contact: 'ops@acme.test' };
const call = (overrides: Partial<CreateCall> = {}): CreateCall => ({
  route: createTenant,
  identity: {
    subject: 'ann',
    tenantId: undefined,
    tier: undefined,
    scopes: new Set(),
    roles: ['operator'],
    expiresAt: 0,
  },
  params: undefined,
  query: {},
  body,
  trace: { traceId: '0'.repeat(32), traceparent: '' },
  ifMatch: undefined,
  ifNoneMatch: undefined,
  idempotencyKey: 'key-1',
  ...overrides,
});

describe('an Idempotency-Key', () => {
  let database: TestDatabase;
  let postgres: Postgres<'core'>;

  beforeAll(async () => {
    const server = await testPostgres();
    const template = await server.template('core', async (url) => {
      const target = createPostgres('core', { url, name: 'test' });
      await migrate(target, await readMigrations('migrations/core'));
      await target.close();
    });
    database = await server.createDatabase(template);
    postgres = createPostgres('core', { url: database.url, name: 'test' });
    await postgres.sql.run`create table effect (id serial primary key)`;
  });
  afterAll(async () => {
    await postgres.close();
    await database.drop();
  });
  beforeEach(() => postgres.sql.run`truncate effect, tenancy.idempotency_key`);

  const effects = async () => (await postgres.sql.one<{ n: number }>`select count(*) as n from effect`).n;
  const act = async (sql: CoreSql): Promise<Answer> => {
    const { id } = await sql.one<{ id: number }>`insert into effect default values returning id`;
    return { status: 202, headers: { location: `/v1/operations/${id}` }, body: { id } };
  };
  const run = (one: CreateCall, how = act) => runIdempotently(postgres, 'tenancy', one, how);

  it('gets the same answer and no second effect when the request comes again, whatever the order of its members', async () => {
    const first = await run(call());
    const { contact, ...rest } = body;
    const second = await run(call({ body: { contact, ...rest } }));
    expect(second).toEqual({ ...first, headers: { ...first.headers, 'idempotency-replayed': 'true' } });
    expect(await effects()).toBe(1);
  });

  it('is refused with another body, and the effect stays single', async () => {
    await run(call());
    await expect(run(call({ body: { ...body, name: 'Other' } }))).rejects.toMatchObject({
      code: 'KLT_IDEMPOTENCY_KEY_REUSED',
    });
    expect(await effects()).toBe(1);
  });

  it('is refused while the first request runs', async () => {
    let release = (): void => undefined;
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    let running = false;
    const first = run(call(), async (sql) => {
      running = true;
      await held;
      return act(sql);
    });
    await until(() => running);
    await expect(run(call())).rejects.toMatchObject({ code: 'KLT_IDEMPOTENCY_IN_PROGRESS' });
    release();
    expect((await first).status).toBe(202);
    expect(await effects()).toBe(1);
  });

  it('belongs to its caller: another caller may use the same one', async () => {
    await run(call());
    await run(call({ identity: { ...call().identity, subject: 'bob' } }));
    expect(await effects()).toBe(2);
  });

  it('is not spent on a refusal, which changes nothing', async () => {
    const refuse = async (sql: CoreSql): Promise<Answer> => {
      await act(sql);
      throw new KolateError('KLT_TENANT_SLUG_TAKEN', 'taken');
    };
    await expect(run(call(), refuse)).rejects.toMatchObject({ code: 'KLT_TENANT_SLUG_TAKEN' });
    expect(await effects()).toBe(0);
    expect((await run(call())).status).toBe(202);
  });

  it('is forgotten after its day', async () => {
    await run(call());
    await postgres.sql.run`update tenancy.idempotency_key set created_at = now() - interval '25 hours'`;
    expect(await forgetOldKeys(postgres.sql, 'tenancy')).toBe(1);
    await run(call());
    expect(await effects()).toBe(2);
  });

  it('may be absent: then every request has its effect', async () => {
    await run(call({ idempotencyKey: undefined }));
    await run(call({ idempotencyKey: undefined }));
    expect(await effects()).toBe(2);
  });
});

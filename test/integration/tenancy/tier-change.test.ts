import { Long } from 'mongodb';
import { KolateError } from '../../../src/contracts/errors';
import { startTenancyPlatform, statusesOf, type TenancyPlatform } from '../../helpers/tenancy-platform';
import { until } from '../../helpers/until';

describe('a change of tier', () => {
  let platform: TenancyPlatform;
  /** What the driver is to fail with when it next builds the tier. */
  let failing: { tier: string; error: KolateError } | undefined;
  beforeAll(async () => {
    platform = await startTenancyPlatform({
      wrap: (driver) => ({
        ...driver,
        async apply(spec, signal) {
          if (failing?.tier === spec.tier) throw failing.error;
          return driver.apply(spec, signal);
        },
      }),
      migration: `create table platform.note (seq bigint generated always as identity primary key,
        text text, raw bytea, doc json, at timestamptz, xs numeric[], of bigint references platform.note)`,
    });
  });
  afterAll(() => platform.close());

  const big = '9007199254740993';
  async function fill(id: string): Promise<void> {
    const { sql, mongo, redis } = await platform.tenancy.open(id);
    const document = `{"n": ${big},\n  "n": 1}`;
    await sql.sql.run`
      insert into platform.note (text, raw, doc, at, xs) values
        (${'line\nbreak "quoted" \\ ünï'}, ${Buffer.from([0, 255, 16])}, ${document}, '2026-01-02 03:04:05.678901+00',
         '{1.10,NaN}'), (null, null, null, 'infinity', '{}')`;
    const events = mongo.collection('events');
    await events.insertMany([
      { n: 1, long: Long.fromString(big), at: new Date(0), nested: { list: [1, 2.5, 'x', null] } },
      { n: 2, long: Long.fromNumber(5), empty: {} },
    ]);
    await events.createIndex({ n: 1 }, { unique: true });
    await redis.set('text', 'ünï');
    await redis.set('short', 'lived', { ttlMs: 3_600_000 });
  }
  async function read(id: string) {
    const { sql, mongo, redis, placement } = await platform.tenancy.open(id);
    const rows = await sql.sql.query(
      'select seq, text, raw::text, doc::text, at::text, xs::text from platform.note order by seq',
    );
    const documents = await mongo.collection('events').find({}, { sort: { n: 1 } });
    const keys = [await redis.get('text'), await redis.get('short')];
    return { rows: rows.rows, documents, keys, placement };
  }

  const move = (id: string, tier: string) => platform.run('POST', `/v1/tenants/${id}/change-tier`, { tier });

  it('carries everything over, to engines of its own and back', async () => {
    const { id } = await platform.onboard({ tier: 'pool' });
    await fill(id);
    const before = await read(id);
    expect(before.rows).toHaveLength(2);
    const { body } = await platform.info.call('GET', `/v1/tenants/${id}`);
    const operation = await move(id, 'dedicated');
    expect(operation.cause).toBeUndefined();
    expect(operation.status).toBe('succeeded');
    const moved = await read(id);
    expect(moved.placement.tier).toBe('dedicated');
    expect(moved.placement.endpoints.postgres.port).not.toBe(before.placement.endpoints.postgres.port);
    expect({ ...moved, placement: 0 }).toEqual({ ...before, placement: 0 });
    expect((await platform.info.directory.findClient(body.clientId))?.tier).toBe('dedicated');
    expect(await platform.agent.driver.describe(`tenant-${id}-pool`)).toBeUndefined();
    expect(await platform.exports.count('tier-changes/')).toBe(0);

    expect((await move(id, 'pool')).status).toBe('succeeded');
    expect({ ...(await read(id)), placement: 0 }).toEqual({ ...before, placement: 0 });
    expect(await platform.agent.driver.describe(`tenant-${id}-dedicated`)).toBeUndefined();
    // Numbers go on where they were.
    const { sql } = await platform.tenancy.open(id);
    expect(await sql.sql.one`insert into platform.note (text) values ('next') returning seq`).toEqual({ seq: 3 });
  }, 90_000);

  it('that fails leaves the tenant served where it was, with its data and open to writes', async () => {
    const { id } = await platform.onboard({ tier: 'pool' });
    failing = { tier: 'dedicated', error: new KolateError('KLT_TIER_UNAVAILABLE', 'as the test wants') };
    const operation = await move(id, 'dedicated');
    failing = undefined;
    expect(operation).toMatchObject({ status: 'failed', cause: { code: 'KLT_TIER_UNAVAILABLE' } });
    expect(statusesOf(operation)).toMatchObject({ pause: 'compensated', export: 'compensated', resume: 'pending' });
    const { body } = await platform.info.call('GET', `/v1/tenants/${id}`);
    expect(body).toMatchObject({ state: 'active', tier: 'pool' });
    const { sql } = await platform.tenancy.open(id);
    expect(await sql.sql.run`insert into platform.smoke_test (id) values (gen_random_uuid())`).toBe(1);
    expect(await platform.exports.count('tier-changes/')).toBe(0);
  });

  it('lets nobody write behind the export’s back', async () => {
    const { id } = await platform.onboard({ tier: 'pool' });
    // Opened before the pause, as by a service that has not heard of it yet.
    const early = await platform.tenancy.open(id);
    await early.sql.ping();
    failing = { tier: 'dedicated', error: new KolateError('KLT_PROVISION_FAILED', 'not yet') };
    const { body } = await platform.info.call('POST', `/v1/tenants/${id}/change-tier`, { body: { tier: 'dedicated' } });
    await until(async () => statusesOf(await platform.operation(body.operationId)).export === 'succeeded');
    await expect(platform.tenancy.open(id)).rejects.toMatchObject({
      code: 'KLT_TENANT_PAUSED',
      options: { retryAfterSeconds: expect.any(Number) },
    });
    const write = () => early.sql.sql.run`insert into platform.smoke_test (id) values (gen_random_uuid())`;
    await expect(write()).rejects.toMatchObject({ code: 'KLT_DEPENDENCY_UNAVAILABLE' });
    await expect(write()).rejects.toMatchObject({ code: 'KLT_DEPENDENCY_UNAVAILABLE' });
    failing = undefined;
    await platform.ended(body.operationId);
  });
});

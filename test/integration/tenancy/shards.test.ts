import { randomUUID } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Registry } from 'prom-client';
import { predictionCompleted } from '../../../src/contracts/events/predict-events';
import { createLister } from '../../../src/platform/http/list-query';
import { closeHandles, openHandles } from '../../../src/platform/tenancy/open-handles';
import { shardOf } from '../../../src/platform/tenancy/shard-of';
import { runPredictionConsumer } from '../../../src/services/predict/predictions/run-prediction-consumer';
import { createIds } from '../../../src/services/predict/protocol/create-id';
import { createRegistryApp } from '../../../src/services/predict/registry-app';
import { createTestLog } from '../../helpers/messaging';
import { ask, verifyTestToken } from '../../helpers/registry-fixture';
import { startTenancyPlatform, type TenancyPlatform } from '../../helpers/tenancy-platform';
import { until } from '../../helpers/until';

type Page = { readonly items: readonly { readonly id: string }[]; readonly nextCursor?: string };

const shardCount = 4;
const newId = createIds();
const { log } = createTestLog();

describe('a tenant with four PostgreSQL shards', () => {
  let platform: TenancyPlatform;
  let app: ReturnType<typeof createRegistryApp>;
  let consumer: { stop(): Promise<void> };
  let id: string;
  const ids = Array.from({ length: 40 }, newId);
  const shardsOf = async (tenantId: string) => (await platform.tenancy.open(tenantId)).shards;

  beforeAll(async () => {
    // The agent listens elsewhere after a restart.
    const driver = () => platform.agent.driver;
    platform = await startTenancyPlatform({
      wrap: () => ({
        apply: (...spec) => driver().apply(...spec),
        describe: (name) => driver().describe(name),
        destroy: (...name) => driver().destroy(...name),
      }),
    });
    app = createRegistryApp({
      ...{ log, probes: [], metrics: new Registry(), verifyToken: verifyTestToken, newId: randomUUID },
      openDatabase: async (tenantId) => (await platform.tenancy.open(tenantId)).sql,
      openShards: shardsOf,
      blobs: platform.models,
      lister: createLister(['key-of-cursors-in-tests-of-32-chars']),
      onCommit: () => undefined,
    });
    consumer = await runPredictionConsumer({
      ...{ kafka: platform.kafka, openShards: shardsOf, metrics: new Registry(), log },
      ...{ backoff: () => 100, restMs: 100, group: `shards-${randomUUID()}` },
    });
    const onboarded = await platform.onboard({ tier: 'dedicated', shards: shardCount });
    expect(onboarded.operation.cause).toBeUndefined();
    id = onboarded.id;
    await predict(id, ids);
    await until(async () => (await heldBy(id)).flat().length === ids.length, 20_000);
  }, 120_000);
  afterAll(async () => {
    await app.close();
    await consumer.stop();
    await platform.close();
  });

  async function predict(tenantId: string, made: readonly string[]): Promise<void> {
    for (const one of made) {
      const data = {
        ...{ id: one, tenantId, model: 'iris', version: '1', rows: 1, latencyMs: 1, at: new Date().toISOString() },
        outputs: [{ name: 'y', datatype: 'INT64', shape: [1], data: [1] }],
      };
      await platform.kafka.producer().publish(predictionCompleted, 'test', { key: one, tenantId, data });
    }
  }
  /** Ids by shard, sorted. */
  const heldBy = async (tenantId: string): Promise<string[][]> =>
    Promise.all(
      (await shardsOf(tenantId)).all().map(async ({ sql }) => {
        const rows = await sql.many<{ id: string }>`select id from prediction.prediction order by id`;
        return rows.map((row) => row.id);
      }),
    );
  const get = (path: string, tenantId = id) => ask(app, tenantId, 'GET', `/v1/predictions${path}`);
  const engineOf = (shard: number): string => `tenant-${id}-dedicated-postgres-shard-${shard}`;
  const newestFirst = (some: readonly string[]): string[] => [...some].sort().reverse();

  it('is placed on four engines of its own, all of them migrated', async () => {
    const { placement, shards, sql } = await platform.tenancy.open(id);
    expect(placement.endpoints.shards).toHaveLength(shardCount - 1);
    expect(shards.at(0)).toBe(sql);
    const migrations = await Promise.all(
      shards.all().map((shard) => shard.sql.many`select name from public.kolate_migration order by name`),
    );
    const ports = [placement.endpoints.postgres, ...(placement.endpoints.shards ?? [])].map(({ port }) => port);
    expect(new Set(ports).size).toBe(shardCount);
    expect(migrations[0]?.length).toBeGreaterThan(0);
    for (const applied of migrations) expect(applied).toEqual(migrations[0]);
    const names = (await platform.agent.processes().status()).map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining([engineOf(1), engineOf(2), engineOf(3)]));
  });

  it('has each prediction where its id says, and nowhere else', async () => {
    const held = await heldBy(id);
    expect(held).toEqual(
      Array.from({ length: shardCount }, (_, shard) => ids.filter((one) => shardOf(one, shardCount) === shard).sort()),
    );
    expect(held.filter((some) => some.length > 0).length).toBeGreaterThan(1);
  });

  it('shows each of them, in whatever case its id is asked for', async () => {
    for (const one of ids) {
      expect(await get(`/${one.toUpperCase()}`)).toMatchObject({ status: 200, body: { id: one } });
    }
    expect(await get(`/${newId()}`)).toMatchObject({ status: 404, body: { code: 'KLT_PREDICTION_NOT_FOUND' } });
  });

  it.each(['-id', 'id'])('lists all of them by %s, page by page, as one', async (sort) => {
    const seen: string[] = [];
    let cursor: string | undefined;
    do {
      const answer = await get(`?limit=7&sort=${sort}${cursor ? `&cursor=${cursor}` : ''}`);
      const { status, body }: { status: number; body: Page } = answer;
      expect(status).toBe(200);
      expect(body.items.length).toBeLessThanOrEqual(7);
      seen.push(...body.items.map((item) => item.id));
      cursor = body.nextCursor;
    } while (cursor !== undefined && seen.length <= ids.length);
    expect(seen).toEqual(sort === 'id' ? [...ids].sort() : newestFirst(ids));
  });

  it('that has lost one fails for its keys by name, serves the others, and stores everything in the end', async () => {
    await platform.agent.processes().stop(engineOf(2));
    const unavailable = {
      status: 503,
      body: { code: 'KLT_DEPENDENCY_UNAVAILABLE', detail: expect.stringContaining('shard 2') },
    };
    for (const one of ids) {
      const answer = await get(`/${one}`);
      expect(answer).toMatchObject(shardOf(one, shardCount) === 2 ? unavailable : { status: 200, body: { id: one } });
    }
    expect(await get('')).toMatchObject(unavailable);
    expect(await get('?limit=1')).toMatchObject(unavailable);

    const more = Array.from({ length: 20 }, newId);
    const lost = more.filter((one) => shardOf(one, shardCount) === 2);
    const others = more.filter((one) => !lost.includes(one));
    expect(lost.length).toBeGreaterThan(0);
    await predict(id, more);
    for (const one of others) await until(async () => (await get(`/${one}`)).status === 200);
    await platform.agent.restart();
    for (const one of lost) await until(async () => (await get(`/${one}`)).status === 200, 20_000);
    ids.push(...more);
    expect((await heldBy(id)).flat().sort()).toEqual([...ids].sort());
  }, 60_000);

  it('counts one that has gone silent as one that does not answer', async () => {
    const { placement } = await platform.tenancy.open(id);
    const handles = openHandles(placement, { secrets: platform.info.secrets, name: 'test', statementTimeoutMs: 100 });
    // A server that says nothing, not even that the statement took too long.
    const silent = handles.shards.at(3).transaction(async (sql) => {
      await sql.run`set local statement_timeout = 0`;
      await sql.run`select pg_sleep(30)`;
    });
    await expect(silent).rejects.toMatchObject({
      code: 'KLT_DEPENDENCY_UNAVAILABLE',
      detail: expect.stringContaining('shard 3'),
    });
    await closeHandles(handles);
  }, 30_000);

  it('moves to a tier with one database whole', async () => {
    const operation = await platform.run('POST', `/v1/tenants/${id}/change-tier`, { tier: 'pool' });
    expect(operation.cause).toBeUndefined();
    expect((await platform.tenancy.open(id)).shards.count).toBe(1);
    expect(await heldBy(id)).toEqual([[...ids].sort()]);
    const later = newId();
    await predict(id, [later]);
    await until(async () => (await get(`/${later}`)).status === 200);
    expect((await readdir(join(platform.agent.home, 'data'))).filter((name) => name.includes(id))).toEqual([]);
  }, 60_000);

  it('is purged from all of them when it leaves, and the certificate says so of each', async () => {
    const other = await platform.onboard({ tier: 'dedicated', shards: shardCount });
    const made = Array.from({ length: 30 }, newId);
    await predict(other.id, made);
    await until(async () => (await heldBy(other.id)).flat().length === made.length, 20_000);
    const counts = (await heldBy(other.id)).map(({ length }) => length);
    const { cause, result } = await platform.run('DELETE', `/v1/tenants/${other.id}`);
    expect(cause).toBeUndefined();
    const of = (shard: number) => `postgres${shard === 0 ? '' : `-shard-${shard}`}:prediction.prediction`;
    const expected = Object.fromEntries(counts.map((n, shard) => [of(shard), n]));
    expect(result).toMatchObject({ before: expected, export: { counts: expected } });
    expect(Object.keys(result?.after ?? {})).toEqual(Object.keys(result?.before ?? {}));
    expect(new Set(Object.values(result?.after ?? {}))).toEqual(new Set([0]));
    expect((await readdir(join(platform.agent.home, 'data'))).filter((name) => name.includes(other.id))).toEqual([]);
  }, 90_000);

  it.each([
    [{ tier: 'pool', shards: 2 }, 422],
    [{ tier: 'dedicated', shards: 17 }, 422],
    [{ tier: 'dedicated', shards: 0 }, 422],
    [{ tier: 'dedicated', shards: 1.5 }, 422],
  ])('is refused as %j', async (body, expected) => {
    const { status, body: problem } = await platform.info.call('POST', '/v1/tenants', {
      body: { slug: 'refused', name: 'R', contact: 'a@b.example', ...body },
    });
    expect(status).toBe(expected);
    expect(problem).toMatchObject({ code: 'KLT_REQUEST_INVALID', errors: [{ pointer: '/shards' }] });
  });
});

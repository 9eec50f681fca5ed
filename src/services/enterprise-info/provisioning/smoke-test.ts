import { randomUUID } from 'node:crypto';
import { KolateError } from '../../../contracts/errors';
import type { TenantSql } from '../../../platform/postgres/sql';
import type { TenantHandles } from '../../../platform/tenancy/open-handles';
import { shardStore } from './data/shard-counts';
import { isOutage } from './reply';

type Check = (handles: TenantHandles, id: string) => Promise<void>;

async function writeAndRead(sql: TenantSql, id: string): Promise<void> {
  await sql.run`insert into platform.smoke_test (id) values (${id})`;
  const found = await sql.maybe`select from platform.smoke_test where id = ${id}`;
  if (!found) throw new Error('what was written was not there to be read');
  await sql.run`delete from platform.smoke_test where id = ${id}`;
}

const checks: Readonly<Record<'postgres' | 'mongo' | 'redis', Check>> = {
  async postgres({ sql: { sql }, placement }, id) {
    const owner = await sql.maybe<{ tenant_id: string }>`select tenant_id from platform.owner`;
    if (owner?.tenant_id !== placement.tenantId) throw new Error('the database is not seeded for this tenant');
    await writeAndRead(sql, id);
  },
  async mongo({ mongo }, id) {
    const collection = mongo.collection<{ _id: string }>('platform_smoke_test');
    await collection.insertOne({ _id: id });
    if (!(await collection.findOne({ _id: id }))) throw new Error('what was written was not there to be read');
    await collection.drop();
  },
  async redis({ redis }, id) {
    await redis.set('platform:smoke-test', id, { ttlMs: 60_000 });
    if ((await redis.get('platform:smoke-test')) !== id) throw new Error('what was written was not there to be read');
    await redis.delete('platform:smoke-test');
  },
};

/**
 * Writes, reads back and deletes in each store with the tenant's own credentials.
 * @returns milliseconds by store, and by shard after the first
 * @throws KolateError KLT_SMOKE_TEST_FAILED naming the store
 */
export async function smokeTest(handles: TenantHandles): Promise<Record<string, number>> {
  const [, ...more] = handles.shards.all();
  const ofShards = more.map(({ sql }, index): [string, Check] => [
    shardStore(index + 1),
    (_handles, id) => writeAndRead(sql, id),
  ]);
  const timed = [...Object.entries(checks), ...ofShards].map(async ([store, check]) => {
    const begun = performance.now();
    try {
      await check(handles, randomUUID());
    } catch (error) {
      // A store that is being started again says nothing about the tenant's: it is waited for.
      if (isOutage(error)) throw error;
      const why = error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error);
      throw new KolateError('KLT_SMOKE_TEST_FAILED', `${store}: ${why}`, { cause: error });
    }
    return [store, Math.round(performance.now() - begun)] as const;
  });
  return Object.fromEntries(await Promise.all(timed));
}

import { digestOf } from '../../../src/services/enterprise-info/provisioning/data/export-digests';
import { startTenancyPlatform, statusesOf, type TenancyPlatform } from '../../helpers/tenancy-platform';
import { until } from '../../helpers/until';

describe('offboarding', () => {
  let platform: TenancyPlatform;
  beforeAll(async () => {
    platform = await startTenancyPlatform();
  });
  afterAll(() => platform.close());
  const lines = async (key: string): Promise<unknown[]> => {
    const bytes = await platform.exports.get(key);
    return Buffer.from(bytes ?? [])
      .toString()
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
  };

  it('exports everything, purges every store, and certifies what was there before and after', async () => {
    const { id, slug } = await platform.onboard({ tier: 'pool' });
    const { body: tenant } = await platform.info.call('GET', `/v1/tenants/${id}`);
    const { sql, mongo, redis } = await platform.tenancy.open(id);
    await sql.sql.run`insert into platform.smoke_test (id) values ('00000000-0000-4000-8000-000000000001')`;
    await mongo.collection('events').insertMany([{ n: 1 }, { n: 2 }, { n: 3 }]);
    await redis.set('a', '1');
    await redis.set('b', '2');
    await platform.models.put(`models/${id}/one`, 'model bytes');
    await platform.models.put(`models/${id}/one`, 'a newer version of them');
    await platform.models.put('models/of-somebody-else/one', 'not ours');

    const operation = await platform.run('DELETE', `/v1/tenants/${id}`);
    expect(operation.cause).toBeUndefined();
    expect(new Set(Object.values(statusesOf(operation)))).toEqual(new Set(['succeeded']));
    const counts = {
      'postgres:platform.owner': 1,
      'postgres:platform.smoke_test': 1,
      'mongo:events': 3,
      'redis:keys': 2,
      'models:files': 1,
    };
    const { result } = operation;
    expect(result).toMatchObject({ tenantId: id, slug, before: counts, export: { counts } });
    expect(Object.keys(result?.after ?? {})).toEqual(Object.keys(result?.before ?? {}));
    expect(new Set(Object.values(result?.after ?? {}))).toEqual(new Set([0]));

    const certificate = JSON.parse(
      Buffer.from((await platform.exports.get(`certificates/${id}.json`)) ?? []).toString(),
    );
    expect(certificate).toEqual(result);
    const prefix = certificate.export.prefix;
    const stack = `tenant-${id}-pool`;
    expect(certificate.stacks).toEqual([{ tier: 'pool', name: stack, id: stack, deletedAt: expect.any(String) }]);
    expect(certificate.secrets).toEqual([{ name: `tenant/${id}/pool/stores`, goneAt: expect.any(String) }]);
    const bytesOf = async (key: string) => Buffer.from((await platform.exports.get(key)) ?? []);
    const { manifest } = certificate.export;
    expect(digestOf(await bytesOf(manifest.key))).toBe(manifest.sha256);
    const { sha256 } = JSON.parse((await bytesOf(manifest.key)).toString());
    expect(Object.keys(sha256)).toContain(`${prefix}/mongo/events/00001.ndjson`);
    for (const [key, digest] of Object.entries(sha256)) expect(digestOf(await bytesOf(key))).toBe(digest);

    expect(await lines(`${prefix}/postgres/platform.smoke_test/00001.ndjson`)).toMatchObject([
      { id: '00000000-0000-4000-8000-000000000001' },
    ]);
    expect(await lines(`${prefix}/mongo/events/00001.ndjson`)).toMatchObject(
      [1, 2, 3].map((n) => ({ n: { $numberInt: `${n}` } })),
    );
    expect((await lines(`${prefix}/redis/keys/00001.ndjson`)).length).toBe(2);
    expect(Buffer.from((await platform.exports.get(`${prefix}/models/one`)) ?? []).toString()).toBe(
      'a newer version of them',
    );

    expect((await platform.info.call('GET', `/v1/tenants/${id}`)).body.state).toBe('deleted');
    expect(await platform.info.directory.findClient(tenant.clientId)).toBeUndefined();
    expect(await platform.agent.driver.describe(`tenant-${id}-pool`)).toBeUndefined();
    await expect(platform.info.secrets.get(`tenant/${id}/pool/stores`)).rejects.toMatchObject({
      code: 'KLT_SECRET_NOT_FOUND',
    });
    await expect(platform.tenancy.open(id)).rejects.toMatchObject({ code: 'KLT_TENANT_INACTIVE' });
    expect(await platform.models.count(`models/${id}/`)).toBe(0);
    expect(await platform.models.count('models/of-somebody-else/')).toBe(1);
    const again = await platform.onboard({ slug });
    expect(again.operation.status).toBe('succeeded');
  });

  it('of a tenant that was never provisioned clears its name away', async () => {
    const { id, slug, operation } = await platform.onboard({ tier: 'pool' });
    expect(operation.status).toBe('succeeded');
    // As a failed onboarding leaves it, everything undone.
    await platform.info.core.sql.run`update tenancy.tenant set state = 'requested' where id = ${id}`;
    await platform.info.core.sql.run`delete from tenancy.placement where tenant_id = ${id}`;
    const left = await platform.run('DELETE', `/v1/tenants/${id}`);
    expect(left.status).toBe('succeeded');
    expect((await platform.onboard({ slug })).operation.status).toBe('succeeded');
  });

  it('stops the tenant’s client from getting tokens while it is suspended', async () => {
    const { id } = await platform.onboard({ tier: 'pool' });
    const { clientId } = (await platform.info.call('GET', `/v1/tenants/${id}`)).body;
    const disabled = async () => (await platform.info.directory.findClient(clientId))?.disabled;
    const becomes = (wanted: boolean) => until(async () => (await disabled()) === wanted);
    await platform.info.call('POST', `/v1/tenants/${id}/suspend`);
    await becomes(true);
    await expect(platform.tenancy.open(id)).rejects.toMatchObject({ code: 'KLT_TENANT_INACTIVE' });
    await platform.info.call('POST', `/v1/tenants/${id}/resume`);
    await becomes(false);
  });
});

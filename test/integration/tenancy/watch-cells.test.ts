import { randomUUID } from 'node:crypto';
import { Registry } from 'prom-client';
import { type CellSpec, sharedCellDemand } from '../../../src/contracts/cells';
import type { TenantUse } from '../../../src/platform/tenancy/create-cloudwatch-meter';
import { createCellStore } from '../../../src/services/enterprise-info/provisioning/cell-store';
import { placeTenant } from '../../../src/services/enterprise-info/provisioning/place-tenant';
import { measureCells, watchCells } from '../../../src/services/enterprise-info/provisioning/watch-cells';
import { type CoreDatabase, coreDatabase, createTestLog } from '../../helpers/messaging';
import { until } from '../../helpers/until';

const { memoryMib } = sharedCellDemand;
/** A cell of one host with room for three tenants, and some for them to grow. */
const cellOf = (id: string): CellSpec => ({
  id,
  hosts: [{ slot: 1, zone: 'zone-1', memoryMib: Math.ceil((memoryMib * 3) / 0.8), diskGib: 1_000, tasks: 38 }],
});

describe('tenants of shared cells who grow', () => {
  let database: CoreDatabase;
  let use: Map<string, TenantUse>;
  beforeEach(async () => {
    database = await coreDatabase();
    use = new Map();
    ({ log, lines } = createTestLog());
    await database.postgres.transaction((sql) => createCellStore(sql).keep([cellOf('one'), cellOf('two')]));
  });
  afterEach(() => database.drop());

  const newTenant = async (): Promise<string> => {
    const id = randomUUID();
    await database.postgres.sql.run`
      insert into tenancy.tenant (id, slug, name, tier, contact) values (${id}, ${id}, 'n', 'shared-cell', 'c')`;
    await database.postgres.transaction((sql) =>
      placeTenant(sql, { tenantId: id, role: 'current', tier: 'shared-cell', quotas: [] }),
    );
    return id;
  };
  let { log, lines } = createTestLog();
  const measure = async (): Promise<ReadonlyMap<string, TenantUse>> => use;
  const look = () => measureCells({ core: database.postgres, measure, log });
  const measured = () =>
    database.postgres.sql.many<{ tenant_id: string; measured_memory_mib: number; measured_disk_gib: number }>`
      select tenant_id, measured_memory_mib, measured_disk_gib from tenancy.placement
      where measured_memory_mib is not null order by tenant_id`;
  const cellFor = async (tenantId: string): Promise<string | undefined> =>
    (
      await database.postgres.sql.maybe<{ cell_id: string }>`
      select cell_id from tenancy.placement where tenant_id = ${tenantId}`
    )?.cell_id;

  it('are written down with what they take, and count with it for whoever comes next', async () => {
    const [first] = [await newTenant(), await newTenant()];
    use.set(first, { memoryMib: memoryMib * 2, diskGib: 25 });
    expect(await look()).toEqual([]);
    expect(await measured()).toEqual([{ tenant_id: first, measured_memory_mib: memoryMib * 2, measured_disk_gib: 25 }]);
    // Two and a half of three places are taken now.
    expect(await cellFor(await newTenant())).toBe('two');
  });

  it('keep what was known of them when nothing is heard', async () => {
    const tenant = await newTenant();
    use.set(tenant, { memoryMib: 5, diskGib: 5 });
    await look();
    use.clear();
    await look();
    expect(await measured()).toEqual([{ tenant_id: tenant, measured_memory_mib: 5, measured_disk_gib: 5 }]);
    expect(lines.join('\n')).toContain('nothing is known');
  });

  it('are told apart by who should leave a host that they have outgrown, and for where', async () => {
    const [first] = [await newTenant(), await newTenant(), await newTenant()];
    use.set(first, { memoryMib: Math.ceil(memoryMib * 1.8), diskGib: 20 });
    const [outgrown, ...others] = await look();
    expect(others).toEqual([]);
    expect(outgrown).toMatchObject({
      ...{ cellId: 'one', slot: 1, enough: true },
      moves: [{ tenantId: expect.any(String), to: { cellId: 'two', slot: 1 } }],
    });
    expect(lines.join('\n')).toContain('docs/runbooks/cell-outgrown.md');
  });

  it('are counted by their hosts in a metric, which comes back to 0 when one has left', async () => {
    const [first] = [await newTenant(), await newTenant(), await newTenant()];
    use.set(first, { memoryMib: memoryMib * 2, diskGib: 20 });
    const metrics = new Registry();
    const watching = watchCells({ core: database.postgres, measure, log, metrics, everyMs: 50 });
    const outgrown = async (): Promise<number | undefined> => {
      const values = await metrics.getSingleMetric('kolate_cell_hosts_outgrown')?.get();
      return values?.values[0]?.value;
    };
    await until(async () => (await outgrown()) === 1);
    await database.postgres.sql.run`delete from tenancy.placement where tenant_id = ${first}`;
    await until(async () => (await outgrown()) === 0);
    await watching.close();
  });

  it('are asked for again when CloudWatch did not answer', async () => {
    let asked = 0;
    const metrics = new Registry();
    const failing = async (): Promise<ReadonlyMap<string, TenantUse>> => {
      asked += 1;
      throw new Error('away');
    };
    const watching = watchCells({ core: database.postgres, measure: failing, log, metrics, everyMs: 20 });
    await until(async () => asked > 1);
    await watching.close();
    expect(lines.join('\n')).toContain('could not be read; trying again');
  });
});

import { randomUUID } from 'node:crypto';
import { accountQuotas } from '../../../src/contracts/account-quotas';
import { type CellSpec, sharedCellDemand } from '../../../src/contracts/cells';
import type { StackSpec } from '../../../src/platform/tenancy/tenant-stack-driver';
import { createCellStore } from '../../../src/services/enterprise-info/provisioning/cell-store';
import { placeTenant } from '../../../src/services/enterprise-info/provisioning/place-tenant';
import { createPlacementStore } from '../../../src/services/enterprise-info/provisioning/placement-store';
import { newTenantBody } from '../../helpers/enterprise-info';
import { type CoreDatabase, coreDatabase } from '../../helpers/messaging';
import { startTenancyPlatform, statusesOf, type TenancyPlatform } from '../../helpers/tenancy-platform';

/** A cell of so many hosts that each have room for `each` tenants. */
const cellOf = (id: string, hosts: number, each: number): CellSpec => ({
  id,
  hosts: Array.from({ length: hosts }, (_, at) => ({
    ...{ slot: at + 1, zone: `zone-${at + 1}`, tasks: 38 },
    memoryMib: Math.ceil((sharedCellDemand.memoryMib * each) / 0.8),
    diskGib: 1_000,
  })),
});

describe('places in shared cells', () => {
  let database: CoreDatabase;
  beforeEach(async () => {
    database = await coreDatabase();
  });
  afterEach(() => database.drop());

  const newTenant = async (): Promise<string> => {
    const id = randomUUID();
    await database.postgres.sql.run`
      insert into tenancy.tenant (id, slug, name, tier, contact) values (${id}, ${id}, 'n', 'shared-cell', 'c')`;
    return id;
  };
  const keep = (...cells: CellSpec[]) => database.postgres.transaction((sql) => createCellStore(sql).keep(cells));
  const place = (tenantId: string, tier = 'shared-cell', quotas = accountQuotas) =>
    database.postgres.transaction((sql) => placeTenant(sql, { tenantId, role: 'current', tier, quotas }));
  const perHost = async () =>
    database.postgres.sql.many<{ at: string; n: number }>`
      select cell_id || '/' || cell_slot as at, count(*)::int as n from tenancy.placement
      where cell_id is not null group by 1 order by 1`;

  it('are never given out twice when 20 tenants come at once', async () => {
    await keep(cellOf('one', 3, 2), cellOf('two', 3, 2));
    const tenants = await Promise.all(Array.from({ length: 20 }, newTenant));
    const results = await Promise.allSettled(tenants.map((id) => place(id)));
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(12);
    expect(new Set(results.flatMap((one) => (one.status === 'rejected' ? [one.reason.code] : [])))).toEqual(
      new Set(['KLT_CELL_EXHAUSTED']),
    );
    const hosts = ['one/1', 'one/2', 'one/3', 'two/1', 'two/2', 'two/3'];
    expect(await perHost()).toEqual(hosts.map((at) => ({ at, n: 2 })));
  });

  it('fill one cell before the next is opened, and its zones alike', async () => {
    await keep(cellOf('one', 3, 3), cellOf('two', 3, 3));
    for (let n = 0; n < 6; n += 1) await place(await newTenant());
    expect(await perHost()).toEqual(['one/1', 'one/2', 'one/3'].map((at) => ({ at, n: 2 })));
  });

  it('stay what they are when the step is repeated, and are free again when the placement goes', async () => {
    await keep(cellOf('one', 1, 1));
    const [first, second] = [await newTenant(), await newTenant()];
    await place(first);
    await place(first);
    await expect(place(second)).rejects.toMatchObject({ code: 'KLT_CELL_EXHAUSTED' });
    await createPlacementStore(database.postgres.sql).remove(first, 'current');
    await place(second);
    expect(await perHost()).toEqual([{ at: 'one/1', n: 1 }]);
  });

  it('count what a tenant was seen to take, where that is more than agreed', async () => {
    await keep(cellOf('one', 1, 2));
    const [first, second] = [await newTenant(), await newTenant()];
    await place(first);
    await database.postgres.sql.run`
      update tenancy.placement set measured_memory_mib = ${sharedCellDemand.memoryMib + 1}, measured_disk_gib = 1`;
    await expect(place(second)).rejects.toMatchObject({ code: 'KLT_CELL_EXHAUSTED' });
  });

  it('are not in a cell that the configuration does not name any more', async () => {
    await keep(cellOf('one', 1, 9));
    await place(await newTenant());
    await keep(cellOf('two', 1, 9));
    await place(await newTenant());
    expect(await perHost()).toEqual(['one/1', 'two/1'].map((at) => ({ at, n: 1 })));
  });

  it('end where a quota of the account ends, whatever room there is', async () => {
    await keep(cellOf('one', 1, 9));
    const quotas = accountQuotas.map((quota) => ({ ...quota, limit: quota.platform + 15 }));
    await place(await newTenant(), 'shared-cell', quotas);
    for (let n = 0; n < 2; n += 1) await place(await newTenant(), 'dedicated', quotas);
    await expect(place(await newTenant(), 'dedicated', quotas)).rejects.toMatchObject({
      code: 'KLT_QUOTA_REACHED',
      options: { hint: expect.stringContaining('L-') },
    });
  });
});

describe('a tenant of a shared cell', () => {
  let platform: TenancyPlatform;
  const applied: StackSpec[] = [];
  beforeAll(async () => {
    platform = await startTenancyPlatform({
      tiers: ['pool', 'shared-cell'],
      // The machine has no cells: its own engines stand in for those of a slot.
      wrap: (driver) => ({
        ...driver,
        apply(spec, signal) {
          applied.push(spec);
          const { place: _, ...rest } = spec;
          return driver.apply({ ...rest, tier: spec.tier === 'pool' ? 'pool' : 'dedicated' }, signal);
        },
      }),
    });
    await platform.info.core.transaction((sql) => createCellStore(sql).keep([cellOf('one', 2, 1)]));
  });
  afterAll(() => platform.close());

  const state = async (id: string) => (await platform.info.call('GET', `/v1/tenants/${id}`)).body.state;

  it('is onboarded into a slot, moves into one, and is refused with a hint when all are taken', async () => {
    const { diskGib } = sharedCellDemand;
    const first = await platform.onboard({ tier: 'shared-cell' });
    expect([first.operation.status, first.operation.cause]).toEqual(['succeeded', undefined]);
    expect(applied.at(-1)?.place).toEqual({ cellId: 'one', slot: 1, diskGib });

    const second = await platform.onboard({ tier: 'pool' });
    const moved = await platform.run('POST', `/v1/tenants/${second.id}/change-tier`, { tier: 'shared-cell' });
    expect(moved.status).toBe('succeeded');
    expect(applied.at(-1)?.place).toEqual({ cellId: 'one', slot: 2, diskGib });

    const third = await platform.run('POST', '/v1/tenants', newTenantBody({ tier: 'shared-cell' }));
    expect(third).toMatchObject({
      status: 'failed',
      cause: { code: 'KLT_CELL_EXHAUSTED', hint: expect.stringContaining('open another cell') },
    });
    expect(statusesOf(third)).toMatchObject({ place: 'compensated', provision: 'pending' });
    expect(await state(third.tenantId)).toBe('requested');

    const fourth = await platform.onboard({ tier: 'pool' });
    const stuck = await platform.run('POST', `/v1/tenants/${fourth.id}/change-tier`, { tier: 'shared-cell' });
    expect(stuck).toMatchObject({ status: 'failed', cause: { code: 'KLT_CELL_EXHAUSTED' } });
    expect(await state(fourth.id)).toBe('active');

    await platform.run('DELETE', `/v1/tenants/${first.id}`);
    const retried = await platform.info.call('POST', `/v1/operations/${third.id}/retry`);
    expect(retried.status).toBe(202);
    expect((await platform.ended(third.id)).status).toBe('succeeded');
    expect(applied.at(-1)?.place).toEqual({ cellId: 'one', slot: 1, diskGib });
  }, 120_000);
});

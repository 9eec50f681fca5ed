import { accountTakes, quotasReached } from '../../../src/domain/placement/account-room';
import { choosePlace } from '../../../src/domain/placement/choose-place';
import { relieveHost } from '../../../src/domain/placement/relieve-host';
import type { Cell, Room } from '../../../src/domain/placement/room';

const capacity: Room = { memoryMib: 10_000, diskGib: 1_000, tasks: 10 };
const cell = (id: string, ...memory: number[]): Cell => ({
  ...{ id, account: 'one' },
  hosts: memory.map((memoryMib, at) => ({
    ...{ slot: at + 1, zone: 'abc'.charAt(at), capacity },
    used: { memoryMib, diskGib: memoryMib / 20, tasks: Math.ceil(memoryMib / 1_000) },
  })),
});
const demand = { memoryMib: 1_000, diskGib: 20 };

describe('a place for a tenant', () => {
  it('is in the fullest cell that still has room, on its emptiest host', () => {
    const cells = [cell('full', 8_000, 7_500, 8_000), cell('half', 5_000, 3_000, 4_000), cell('empty', 0, 0, 0)];
    expect(choosePlace(cells, demand)).toEqual({ cellId: 'half', slot: 2, zone: 'b' });
  });

  it('is not in a zone that is to be avoided, nor in an account whose quotas are used up', () => {
    const cells = [cell('half', 5_000, 3_000, 4_000), { ...cell('other', 0, 0, 0), account: 'two' }];
    expect(choosePlace(cells, demand, { avoidZones: new Set(['b']) })).toMatchObject({ cellId: 'half', slot: 3 });
    expect(choosePlace(cells, demand, { fullAccounts: new Set(['one']) })).toMatchObject({ cellId: 'other' });
  });

  it('is nowhere when every host lacks memory, disk or an interface', () => {
    expect(choosePlace([cell('full', 7_500, 7_500, 7_500)], demand)).toBeUndefined();
    expect(choosePlace([cell('empty', 0, 0, 0)], { memoryMib: 1, diskGib: 801 })).toBeUndefined();
    const [host] = cell('crowded', 0).hosts;
    const crowded = { ...cell('crowded'), hosts: host ? [{ ...host, used: { ...host.used, tasks: 10 } }] : [] };
    expect(choosePlace([crowded], { memoryMib: 1, diskGib: 1 })).toBeUndefined();
  });
});

describe('relief of a host', () => {
  const residents = [2_000, 3_000, 4_500].map((memoryMib) => ({
    tenantId: `of-${memoryMib}`,
    declared: { memoryMib, diskGib: 10 },
  }));

  it('moves the smallest whose going makes room for growth', () => {
    const cells = [cell('outgrown', 9_500), cell('empty', 0)];
    expect(relieveHost(cells, { cellId: 'outgrown', slot: 1 }, residents)).toEqual({
      moves: [{ tenantId: 'of-2000', to: { cellId: 'empty', slot: 1, zone: 'a' } }],
      enough: true,
    });
  });

  it('moves nobody from a host that is full but not outgrown', () => {
    const cells = [cell('full', 9_000), cell('empty', 0)];
    expect(relieveHost(cells, { cellId: 'full', slot: 1 }, residents)).toEqual({ moves: [], enough: true });
  });

  it('says that there is no room elsewhere', () => {
    const cells = [cell('outgrown', 9_500), cell('full', 8_000)];
    expect(relieveHost(cells, { cellId: 'outgrown', slot: 1 }, residents)).toEqual({ moves: [], enough: false });
  });
});

describe('the quotas of an account', () => {
  it('bound each tier by what runs out first', () => {
    expect(accountTakes('shared-cell', 45)).toEqual({ tenants: 880, by: 'IAM roles' });
    expect(accountTakes('dedicated', 0)).toEqual({ tenants: 166, by: 'Auto Scaling groups' });
  });

  it('are reached by all tiers together', () => {
    expect(quotasReached({ 'shared-cell': 500, dedicated: 379 }, 'shared-cell', 45)).toEqual([]);
    expect(quotasReached({ 'shared-cell': 500, dedicated: 380 }, 'shared-cell', 45)).toMatchObject([
      { name: 'IAM roles' },
    ]);
    expect(quotasReached({ dedicated: 455 }, 'dedicated', 45)).toMatchObject([{ name: 'Auto Scaling groups' }]);
  });
});

import type { StackTier } from '../../../contracts/account-quotas';
import type { CellSpec } from '../../../contracts/cells';
import type { Amount, Cell, Host, Resident } from '../../../domain/placement/room';
import type { CoreSql } from '../../../platform/postgres/sql';

type HostRow = {
  readonly cell_id: string;
  readonly slot: number;
  readonly zone: string;
  readonly memory_mib: number;
  readonly disk_gib: number;
  readonly tasks: number;
  readonly used_memory_mib: number;
  readonly used_disk_gib: number;
  readonly used_tasks: number;
};

type ResidentRow = {
  readonly tenant_id: string;
  readonly memory_mib: number;
  readonly disk_gib: number;
  readonly measured_memory_mib: number | null;
  readonly measured_disk_gib: number | null;
};

/** All cells of an installation are in its own account. */
const account = 'own';

export function createCellStore(sql: CoreSql) {
  return {
    /** The cells that there are now; who is in others stays there, and nobody new comes. */
    async keep(cells: readonly CellSpec[]): Promise<void> {
      const specs = JSON.stringify(cells);
      await sql.run`
        insert into tenancy.cell (id) select id from jsonb_to_recordset(${specs}::jsonb) as c (id text)
        on conflict (id) do update set open = true, updated_at = now()`;
      await sql.run`
        update tenancy.cell set open = false, updated_at = now()
        where open and id not in (select id from jsonb_to_recordset(${specs}::jsonb) as c (id text))`;
      await sql.run`
        insert into tenancy.cell_host (cell_id, slot, zone, memory_mib, disk_gib, tasks)
        select c.id, h.slot, h.zone, h."memoryMib", h."diskGib", h.tasks
        from jsonb_to_recordset(${specs}::jsonb) as c (id text, hosts jsonb),
          jsonb_to_recordset(c.hosts) as h (slot int, zone text, "memoryMib" int, "diskGib" int, tasks int)
        on conflict (cell_id, slot) do update
        set zone = excluded.zone, memory_mib = excluded.memory_mib, disk_gib = excluded.disk_gib, tasks = excluded.tasks`;
    },
    /**
     * The cells that take tenants, with what is used of them, for whoever places one: the others wait until this
     * transaction ends, and then see what it has placed.
     */
    async lockOpen(): Promise<Cell[]> {
      // Counted by a statement of its own, which begins when the lock is had: an earlier one would not see what the
      // holder before has placed.
      await sql.run`select from tenancy.cell where open order by id for update`;
      return toCells(
        await sql.many<HostRow>`
          select h.*,
            coalesce(sum(greatest(p.memory_mib, p.measured_memory_mib)), 0)::int as used_memory_mib,
            coalesce(sum(greatest(p.disk_gib, p.measured_disk_gib)), 0)::int as used_disk_gib,
            count(p.tenant_id)::int as used_tasks
          from tenancy.cell_host h
          join tenancy.cell c on c.id = h.cell_id and c.open
          left join tenancy.placement p on p.cell_id = h.cell_id and p.cell_slot = h.slot
          group by h.cell_id, h.slot
          order by h.cell_id, h.slot`,
      );
    },
    /** Who has a place in a cell. */
    tenants: async (): Promise<string[]> =>
      (
        await sql.many<{ tenant_id: string }>`
          select distinct tenant_id from tenancy.placement where cell_id is not null order by tenant_id`
      ).map(({ tenant_id }) => tenant_id),
    /** What tenants have been seen to take of their hosts; of whom nothing is known, what was known stays. */
    async keepUse(use: ReadonlyMap<string, Amount>): Promise<void> {
      const rows = JSON.stringify([...use].map(([tenantId, amount]) => ({ tenantId, ...amount })));
      await sql.run`
        update tenancy.placement p
        set measured_memory_mib = u."memoryMib", measured_disk_gib = u."diskGib", updated_at = now()
        from jsonb_to_recordset(${rows}::jsonb) as u ("tenantId" uuid, "memoryMib" int, "diskGib" int)
        where p.tenant_id = u."tenantId" and p.cell_id is not null`;
    },
    /** Who is on a host, with what was agreed and what has been seen. */
    async residents(cellId: string, slot: number): Promise<Resident[]> {
      const rows = await sql.many<ResidentRow>`
        select tenant_id, memory_mib, disk_gib, measured_memory_mib, measured_disk_gib from tenancy.placement
        where cell_id = ${cellId} and cell_slot = ${slot} order by tenant_id`;
      return rows.map((row) => ({
        tenantId: row.tenant_id,
        declared: { memoryMib: row.memory_mib, diskGib: row.disk_gib },
        measured: {
          memoryMib: row.measured_memory_mib ?? row.memory_mib,
          diskGib: row.measured_disk_gib ?? row.disk_gib,
        },
      }));
    },
    /** Stacks of tenants by their tier. */
    async countStacks(): Promise<Readonly<Partial<Record<StackTier, number>>>> {
      const rows = await sql.many<{ tier: string; n: number }>`
        select tier, count(*)::int as n from tenancy.placement group by tier`;
      return Object.fromEntries(rows.map(({ tier, n }) => [tier, n]));
    },
    countHosts: async (): Promise<number> =>
      (await sql.one<{ n: number }>`select count(*)::int as n from tenancy.cell_host`).n,
  };
}

function toCells(rows: readonly HostRow[]): Cell[] {
  const hosts = new Map<string, Host[]>();
  for (const row of rows) {
    hosts.set(row.cell_id, [
      ...(hosts.get(row.cell_id) ?? []),
      {
        ...{ slot: row.slot, zone: row.zone },
        capacity: { memoryMib: row.memory_mib, diskGib: row.disk_gib, tasks: row.tasks },
        used: { memoryMib: row.used_memory_mib, diskGib: row.used_disk_gib, tasks: row.used_tasks },
      },
    ]);
  }
  return [...hosts].map(([id, own]) => ({ id, account, hosts: own }));
}

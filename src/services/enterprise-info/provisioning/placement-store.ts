import type { StoreIsolation } from '../../../contracts/tiers';
import type { CoreSql } from '../../../platform/postgres/sql';
import type { Placement, StackEndpoints } from '../../../platform/tenancy/placement';

export type PlacementRole = 'current' | 'target' | 'old';

export type PlacementRow = {
  readonly tenant_id: string;
  readonly role: PlacementRole;
  readonly tier: string;
  readonly stack: string;
  readonly isolation: StoreIsolation;
  readonly secret_name: string | null;
  readonly endpoints: StackEndpoints | null;
  /** Of a shared cell; null for who is in none. */
  readonly cell_id: string | null;
  readonly cell_slot: number | null;
  readonly disk_gib: number | null;
};

/** What a tenant has of a shared cell. */
export type Room = {
  readonly cellId: string;
  readonly slot: number;
  readonly memoryMib: number;
  readonly diskGib: number;
};

type NewPlacement = {
  readonly tenantId: string;
  readonly role: PlacementRole;
  readonly tier: string;
  readonly stack: string;
  readonly room: Room | undefined;
};

export function createPlacementStore(sql: CoreSql) {
  const find = (tenantId: string, role: PlacementRole): Promise<PlacementRow | undefined> =>
    sql.maybe<PlacementRow>`select * from tenancy.placement where tenant_id = ${tenantId} and role = ${role}`;
  return {
    find,
    all: (tenantId: string): Promise<PlacementRow[]> =>
      sql.many<PlacementRow>`select * from tenancy.placement where tenant_id = ${tenantId}`,
    /** A row that is there already stays. */
    add: ({ tenantId, role, tier, stack, room }: NewPlacement, isolation: StoreIsolation): Promise<number> =>
      sql.run`
        insert into tenancy.placement (tenant_id, role, tier, stack, isolation, cell_id, cell_slot, memory_mib, disk_gib)
        values (${tenantId}, ${role}, ${tier}, ${stack}, ${JSON.stringify(isolation)},
          ${room?.cellId ?? null}, ${room?.slot ?? null}, ${room?.memoryMib ?? null}, ${room?.diskGib ?? null})
        on conflict (tenant_id, role) do nothing`,
    /** Where its stores are and by which secret one comes in; null for both once they are gone. */
    fill: (tenantId: string, role: PlacementRole, secretName: string | null, endpoints: StackEndpoints | null) =>
      sql.run`
        update tenancy.placement set secret_name = ${secretName},
          endpoints = ${endpoints === null ? null : JSON.stringify(endpoints)}, updated_at = now()
        where tenant_id = ${tenantId} and role = ${role}`,
    remove: (tenantId: string, role: PlacementRole): Promise<number> =>
      sql.run`delete from tenancy.placement where tenant_id = ${tenantId} and role = ${role}`,
    removeAll: (tenantId: string): Promise<number> =>
      sql.run`delete from tenancy.placement where tenant_id = ${tenantId}`,
    rename: (tenantId: string, from: PlacementRole, to: PlacementRole): Promise<number> =>
      sql.run`
        update tenancy.placement set role = ${to}, updated_at = now() where tenant_id = ${tenantId} and role = ${from}`,
  };
}

/** The row as a place that handles can be opened on, once it has been provisioned. */
export function toPlacement(row: PlacementRow, slug: string): Placement | undefined {
  const { tenant_id: tenantId, tier, stack, secret_name: secretName, endpoints } = row;
  if (secretName === null || endpoints === null) return undefined;
  return { tenantId, slug, tier, stack, secretName, endpoints, state: 'active' };
}

/** Of one tenant in one tier: while it moves there are two. */
export const stackName = (tenantId: string, tier: string): string => `tenant-${tenantId}-${tier}`;

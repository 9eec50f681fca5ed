import { type AccountQuota, type StackTier, stackTiers } from '../../../contracts/account-quotas';
import { sharedCellDemand } from '../../../contracts/cells';
import { KolateError } from '../../../contracts/errors';
import { quotasReached } from '../../../domain/placement/account-room';
import { choosePlace } from '../../../domain/placement/choose-place';
import type { CoreSql } from '../../../platform/postgres/sql';
import { createCellStore } from './cell-store';
import { createPlacementStore, type PlacementRole, type Room, stackName } from './placement-store';
import { requireTier } from './require-tier';

export type PlaceOptions = {
  readonly tenantId: string;
  readonly role: PlacementRole;
  readonly tier: string;
  /** Of the account that stacks are made in; none on one machine. */
  readonly quotas: readonly AccountQuota[];
};

/**
 * Gives the tenant a place in that tier, and room in a cell where the tier shares one. Where it has its place already,
 * nothing happens.
 * @throws KolateError KLT_CELL_EXHAUSTED when no cell has room, KLT_QUOTA_REACHED when the account has none
 */
export async function placeTenant(sql: CoreSql, { tenantId, role, tier, quotas }: PlaceOptions) {
  const { isolation } = requireTier(tier);
  const placements = createPlacementStore(sql);
  if ((await placements.find(tenantId, role))?.tier === tier) return isolation;
  const room = await findRoom(sql, tier, quotas);
  await placements.add({ tenantId, tier, role, stack: stackName(tenantId, tier), room }, isolation);
  return isolation;
}

/**
 * The room that one more tenant of the tier has in a shared cell, until this transaction ends; undefined for a tier that
 * shares none. @throws KolateError as placeTenant
 */
export async function findRoom(sql: CoreSql, tier: string, quotas: readonly AccountQuota[]): Promise<Room | undefined> {
  await keepQuotas(sql, tier, quotas);
  return tier === 'shared-cell' ? takeRoom(sql) : undefined;
}

async function takeRoom(sql: CoreSql): Promise<Room> {
  const cells = await createCellStore(sql).lockOpen();
  const place = choosePlace(cells, sharedCellDemand);
  if (place) return { cellId: place.cellId, slot: place.slot, ...sharedCellDemand };
  const { memoryMib, diskGib } = sharedCellDemand;
  throw new KolateError(
    'KLT_CELL_EXHAUSTED',
    `none of ${cells.length} open cells has room for ${memoryMib} MiB of memory and ${diskGib} GiB of disk`,
    { hint: 'open another cell or choose another tier, then retry the operation' },
  );
}

async function keepQuotas(sql: CoreSql, tier: string, quotas: readonly AccountQuota[]): Promise<void> {
  if (quotas.length === 0 || !isStackTier(tier)) return;
  const store = createCellStore(sql);
  const [reached] = quotasReached(await store.countStacks(), tier, await store.countHosts(), quotas);
  if (!reached) return;
  throw new KolateError('KLT_QUOTA_REACHED', `${reached.name}: the account has no more than ${reached.limit}`, {
    hint: `have the quota ${reached.code} raised, or let tenants go to another account, then retry the operation`,
  });
}

const isStackTier = (tier: string): tier is StackTier => stackTiers.some((name) => name === tier);

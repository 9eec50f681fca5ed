import { type Amount, asRoom, type Cell, cellFill, fillOf, type Host, plus, shares, within } from './room';

export type Place = { readonly cellId: string; readonly slot: number; readonly zone: string };

export type PlaceOptions = {
  /** Zones that nothing new is to come into, such as one that is in trouble. */
  readonly avoidZones?: ReadonlySet<string>;
  /** A host that the tenant is to leave. */
  readonly notOn?: { readonly cellId: string; readonly slot: number };
  /** Accounts whose quotas are used up. */
  readonly fullAccounts?: ReadonlySet<string>;
};

/**
 * Where a tenant goes: the fullest cell that still has room, so that few cells are open, and in it the emptiest host, so
 * that its zones carry alike and the loss of one hits as few as can be. Undefined: another cell is needed.
 * No tenant that has a place is moved for it.
 */
export function choosePlace(cells: readonly Cell[], demand: Amount, options: PlaceOptions = {}): Place | undefined {
  let best: { readonly cell: Cell; readonly host: Host; readonly fill: number } | undefined;
  for (const cell of cells) {
    if (options.fullAccounts?.has(cell.account)) continue;
    const fill = cellFill(cell);
    if (best && (fill < best.fill || (fill === best.fill && cell.id >= best.cell.id))) continue;
    const host = emptiest(cell, demand, options);
    if (host) best = { cell, host, fill };
  }
  return best && { cellId: best.cell.id, slot: best.host.slot, zone: best.host.zone };
}

function emptiest(cell: Cell, demand: Amount, { avoidZones, notOn }: PlaceOptions): Host | undefined {
  let best: Host | undefined;
  for (const host of cell.hosts) {
    if (avoidZones?.has(host.zone)) continue;
    if (notOn?.cellId === cell.id && notOn.slot === host.slot) continue;
    if (!hasRoom(host, demand)) continue;
    if (!best || fillOf(host.used, host.capacity) < fillOf(best.used, best.capacity)) best = host;
  }
  return best;
}

export const hasRoom = ({ used, capacity }: Pick<Host, 'used' | 'capacity'>, demand: Amount): boolean =>
  within(plus(used, asRoom(demand)), capacity, shares.placeUpTo);

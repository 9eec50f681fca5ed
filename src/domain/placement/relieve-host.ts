import { choosePlace, type Place, type PlaceOptions } from './choose-place';
import {
  type Amount,
  asRoom,
  type Cell,
  demandOf,
  fillOf,
  type Host,
  minus,
  plus,
  type Resident,
  type Room,
  shares,
  within,
} from './room';

export type Move = { readonly tenantId: string; readonly to: Place };
export type Relief = {
  readonly moves: readonly Move[];
  /** False: the others have no room for what would have to go, and another cell is needed. */
  readonly enough: boolean;
};

type Candidate = { readonly tenantId: string; readonly demand: Amount; readonly to: Place };

/** Whether the tenants of a host have outgrown it. */
export const isOutgrown = ({ used, capacity }: Pick<Host, 'used' | 'capacity'>): boolean =>
  !within(used, capacity, shares.relieveAbove);

/**
 * Who leaves a host that its tenants have outgrown, and where to. As few as can be: one, where one is enough, and of
 * those the smallest that makes room for growth again; else the largest goes first. Who grew by more than the host had
 * can always leave alone, so a host that was fine before one tenant grew is relieved by one move.
 */
export function relieveHost(
  cells: readonly Cell[],
  at: { readonly cellId: string; readonly slot: number },
  residents: readonly Resident[],
  options: Omit<PlaceOptions, 'notOn'> = {},
): Relief {
  let now = cells;
  let host = hostOf(now, at);
  const left = new Map(residents.map((resident) => [resident.tenantId, demandOf(resident)]));
  const moves: Move[] = [];
  while (isOutgrown(host)) {
    const next = choose(candidates(now, at, left, options), host);
    if (!next) return { moves, enough: false };
    moves.push({ tenantId: next.tenantId, to: next.to });
    left.delete(next.tenantId);
    now = shift(shift(now, at, asRoom(next.demand), minus), next.to, asRoom(next.demand), plus);
    host = hostOf(now, at);
  }
  return { moves, enough: true };
}

function candidates(
  cells: readonly Cell[],
  at: { readonly cellId: string; readonly slot: number },
  residents: ReadonlyMap<string, Amount>,
  options: PlaceOptions,
): Candidate[] {
  return [...residents].flatMap(([tenantId, demand]) => {
    const to = choosePlace(cells, demand, { ...options, notOn: at });
    return to ? [{ tenantId, demand, to }] : [];
  });
}

function choose(all: readonly Candidate[], { used, capacity }: Host): Candidate | undefined {
  const sizeOf = ({ demand }: Candidate): number => fillOf({ ...demand, tasks: 0 }, capacity);
  const bySize = [...all].sort((a, b) => sizeOf(a) - sizeOf(b));
  const leavesWithin = (share: number) => (candidate: Candidate) =>
    within(minus(used, asRoom(candidate.demand)), capacity, share);
  return bySize.find(leavesWithin(shares.placeUpTo)) ?? bySize.findLast(leavesWithin(shares.relieveAbove)) ?? most();

  /** Whose going takes away most of what is too much. */
  function most(): Candidate | undefined {
    const excess = minus(used, scaled(capacity, shares.relieveAbove));
    const taken = ({ demand }: Candidate): number =>
      (excess.memoryMib > 0 ? demand.memoryMib / capacity.memoryMib : 0) +
      (excess.diskGib > 0 ? demand.diskGib / capacity.diskGib : 0);
    return [...all].sort((a, b) => taken(b) - taken(a))[0];
  }
}

const scaled = ({ memoryMib, diskGib, tasks }: Room, share: number): Room => ({
  memoryMib: memoryMib * share,
  diskGib: diskGib * share,
  tasks,
});

function hostOf(cells: readonly Cell[], { cellId, slot }: { readonly cellId: string; readonly slot: number }): Host {
  const host = cells.find(({ id }) => id === cellId)?.hosts.find((one) => one.slot === slot);
  if (host) return host;
  throw new RangeError(`there is no slot ${slot} in a cell ${cellId}`);
}

function shift(
  cells: readonly Cell[],
  at: { readonly cellId: string; readonly slot: number },
  by: Room,
  change: (one: Room, other: Room) => Room,
): readonly Cell[] {
  const inCell = (host: Host): Host => (host.slot === at.slot ? { ...host, used: change(host.used, by) } : host);
  return cells.map((cell) => (cell.id === at.cellId ? { ...cell, hosts: cell.hosts.map(inCell) } : cell));
}

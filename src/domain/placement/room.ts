/** What a tenant takes of a host. */
export type Amount = { readonly memoryMib: number; readonly diskGib: number };

/** `tasks`: network interfaces, of which each tenant takes one. */
export type Room = Amount & { readonly tasks: number };

/** One host of a shared cell, in a zone of its own. */
export type Host = {
  readonly slot: number;
  readonly zone: string;
  /** What tenants may have of it: the share that the host itself needs is off already. */
  readonly capacity: Room;
  /** The sum of what its tenants take. */
  readonly used: Room;
};

export type Cell = {
  readonly id: string;
  /** Of AWS: its quotas bound all its cells together. */
  readonly account: string;
  readonly hosts: readonly Host[];
};

/** A tenant with a place: what was agreed at the start, and what it has been seen to take, once it has been. */
export type Resident = { readonly tenantId: string; readonly declared: Amount; readonly measured?: Amount };

/**
 * New tenants come only up to the first share, and a host is relieved only above the second: what lies between is room
 * for the tenants to grow without anybody being moved.
 */
export const shares = { placeUpTo: 0.8, relieveAbove: 0.9 } as const;

const dimensions = ['memoryMib', 'diskGib', 'tasks'] as const;

/** The larger of declared and measured: what is promised is kept free, and what has been taken is not given out again. */
export function demandOf({ declared, measured = declared }: Resident): Amount {
  return {
    memoryMib: Math.max(declared.memoryMib, measured.memoryMib),
    diskGib: Math.max(declared.diskGib, measured.diskGib),
  };
}

export const asRoom = ({ memoryMib, diskGib }: Amount): Room => ({ memoryMib, diskGib, tasks: 1 });

export const plus = (one: Room, other: Room): Room => ({
  memoryMib: one.memoryMib + other.memoryMib,
  diskGib: one.diskGib + other.diskGib,
  tasks: one.tasks + other.tasks,
});

export const minus = (one: Room, other: Room): Room => ({
  memoryMib: one.memoryMib - other.memoryMib,
  diskGib: one.diskGib - other.diskGib,
  tasks: one.tasks - other.tasks,
});

/** Whether `used` stays within that share of the capacity. Interfaces do not grow: all of them may be taken. */
export const within = (used: Room, capacity: Room, share: number): boolean =>
  used.memoryMib <= capacity.memoryMib * share &&
  used.diskGib <= capacity.diskGib * share &&
  used.tasks <= capacity.tasks;

/** How full, by whatever is scarcest: 1 is all. */
export const fillOf = (used: Room, capacity: Room): number =>
  dimensions.reduce((fill, dimension) => Math.max(fill, share(used[dimension], capacity[dimension])), 0);

const share = (used: number, capacity: number): number => (capacity > 0 ? used / capacity : Number.POSITIVE_INFINITY);

export const cellFill = ({ hosts }: Cell): number => {
  const sum = (of: (host: Host) => Room): Room => hosts.map(of).reduce(plus, { memoryMib: 0, diskGib: 0, tasks: 0 });
  return fillOf(
    sum(({ used }) => used),
    sum(({ capacity }) => capacity),
  );
};

import { type Static, Type } from '@sinclair/typebox';
import { hostShapes } from '../../src/contracts/account-quotas';
import type { CellSpec } from '../../src/contracts/cells';
import type { Must } from './faults';
import { isGraviton } from './instance-types';
import { isWhole } from './is-whole';
import { type Fixed, settings } from './settings';

/** Hosts that several tenants share: one in each of so many zones, all alike. */
export const SharedCell = settings({
  /** Stays with the cell: tenants are placed by it. */
  id: Type.String(),
  instanceType: Type.String(),
  /** Of each host. */
  volumeGib: Type.Number(),
  volumeIops: Type.Number(),
});
export type SharedCell = Fixed<Static<typeof SharedCell>>;

/** What a host needs for itself, its agent and the cache of its file system. */
const hostMemoryMib = 1_024;
const zonesOfCell = 3;
/** Of a volume of gp3, beyond the 3,000 that each has. */
const iopsOfGib = 500;

/** How many hosts a cell has. */
export const hostsOfCell = (zones: readonly string[]): number => Math.min(zones.length, zonesOfCell);

/** What tenants may have of each host, for who places them. */
export function cellSpecOf({ id, instanceType, volumeGib }: SharedCell, zones: readonly string[]): CellSpec {
  const shape = hostShapes[instanceType];
  if (!shape) throw new Error(`shared cell ${id}: ${instanceType} is no known type; expected ${known.join(', ')}`);
  const { memoryMib, tasks } = shape;
  return {
    id,
    hosts: zones.slice(0, hostsOfCell(zones)).map((zone, at) => ({
      ...{ slot: at + 1, zone, memoryMib: memoryMib - hostMemoryMib, diskGib: volumeGib, tasks },
    })),
  };
}

const known = Object.keys(hostShapes);

export function checkSharedCells(cells: readonly SharedCell[], must: Must): void {
  const ids = cells.map(({ id }) => id);
  must(new Set(ids).size === ids.length, 'sharedCells', ids, 'each id once');
  for (const { id, instanceType, volumeGib, volumeIops } of cells) {
    must(/^[a-z][a-z0-9-]{0,35}$/.test(id), 'sharedCells.id', id, '1 to 36 small letters, digits and hyphens');
    const graviton = 'a Graviton type, as in m7g.large: images are for arm64';
    must(isGraviton(instanceType), `sharedCells.${id}.instanceType`, instanceType, graviton);
    must(known.includes(instanceType), `sharedCells.${id}.instanceType`, instanceType, known.join(', '));
    must(isWhole(volumeGib, 10, 16_384), `sharedCells.${id}.volumeGib`, volumeGib, '10 to 16384');
    must(isWhole(volumeIops, 3_000, 16_000), `sharedCells.${id}.volumeIops`, volumeIops, '3000 to 16000');
    const most = iopsOfGib * volumeGib;
    const expected = `at most ${iopsOfGib} a GiB, which is ${most} of ${volumeGib} GiB`;
    must(volumeIops <= Math.max(3_000, most), `sharedCells.${id}.volumeIops`, volumeIops, expected);
  }
}

import { type CellSpec, CellSpecs } from '../../../contracts/cells';
import { KolateError } from '../../../contracts/errors';
import type { StackSpec } from '../../../platform/tenancy/tenant-stack-driver';
import { readJsonVariable } from './read-json-variable';

/** The shared cells as infrastructure wrote them. @throws KolateError KLT_CONFIG_INVALID */
export const readCells = (text: string): readonly CellSpec[] =>
  readJsonVariable('KOLATE_SHARED_CELLS', CellSpecs, text);

/**
 * The parameters of a tenant's template that say which host it is pinned to; none for a host of its own.
 * @throws KolateError KLT_STACK_PARAMETER_INVALID for a tenant of a shared cell without a place in one
 */
export function placeParameters(tier: string, place: StackSpec['place']): Readonly<Record<string, string>> {
  if (tier !== 'shared-cell') return {};
  if (!place) {
    throw new KolateError('KLT_STACK_PARAMETER_INVALID', 'a tenant of a shared cell needs a place in one', {
      hint: 'retry the operation from its first step, which gives it a place',
    });
  }
  // Hosts are numbered from 1, the subnets that they stand in are a list from 0.
  const { cellId, slot, diskGib } = place;
  return {
    ...{ CellId: cellId, Slot: String(slot), SlotIndex: String(slot - 1) },
    ...(diskGib === undefined ? {} : { DiskGib: String(diskGib) }),
  };
}

import { placeParameters, readCells } from '../../../src/services/enterprise-info/provisioning/read-cells';

describe('the place of a tenant in its template', () => {
  it('counts hosts from 1 and their subnets from 0', () => {
    expect(placeParameters('shared-cell', { cellId: 'one', slot: 3 })).toEqual({
      ...{ CellId: 'one', Slot: '3', SlotIndex: '2' },
    });
  });

  it('says how much the tenant may store, where that is agreed', () => {
    expect(placeParameters('shared-cell', { cellId: 'one', slot: 3, diskGib: 40 })).toMatchObject({ DiskGib: '40' });
  });

  it('is none for a host of its own, also where a place is handed in', () => {
    expect(placeParameters('dedicated', undefined)).toEqual({});
    expect(placeParameters('dedicated', { cellId: 'one', slot: 1 })).toEqual({});
  });

  it('is not guessed for a tenant of a shared cell that has none', () => {
    expect(() => placeParameters('shared-cell', undefined)).toThrow(
      expect.objectContaining({
        ...{ code: 'KLT_STACK_PARAMETER_INVALID', detail: expect.stringContaining('needs a place') },
        options: { hint: expect.stringContaining('retry') },
      }),
    );
  });
});

describe('the shared cells of an installation', () => {
  const host = { slot: 1, zone: 'us-east-1a', memoryMib: 8_192, diskGib: 100, tasks: 10 };

  it('are read as infrastructure wrote them', () => {
    expect(readCells(JSON.stringify([{ id: 'one', hosts: [host] }]))).toEqual([{ id: 'one', hosts: [host] }]);
  });

  it.each([
    ['what is no JSON', '[', 'is not JSON'],
    ['a cell without hosts', JSON.stringify([{ id: 'one', hosts: [] }]), '/0/hosts'],
    ['a slot that no cell has', JSON.stringify([{ id: 'one', hosts: [{ ...host, slot: 4 }] }]), '/0/hosts/0/slot'],
  ])('are refused with the place of the fault: %s', (_what, text, fault) => {
    expect(() => readCells(text)).toThrow(
      expect.objectContaining({ code: 'KLT_CONFIG_INVALID', detail: expect.stringContaining(fault) }),
    );
  });
});

import fc from 'fast-check';
import { shardOf } from '../../../src/platform/tenancy/shard-of';
import { createIds } from '../../../src/services/predict/protocol/create-id';

const counts = fc.integer({ min: 1, max: 16 });

describe('which shard holds a key', () => {
  it('is one of those that there are, the same each time', () => {
    fc.assert(
      fc.property(fc.string(), counts, (key, count) => {
        const shard = shardOf(key, count);
        expect(Number.isInteger(shard) && shard >= 0 && shard < count).toBe(true);
        expect(shardOf(key, count)).toBe(shard);
      }),
    );
  });

  it('stays, or becomes the new one, when a shard is added', () => {
    fc.assert(
      fc.property(fc.uuid(), counts, (key, count) => {
        expect([shardOf(key, count), count]).toContain(shardOf(key, count + 1));
      }),
      { numRuns: 2_000 },
    );
  });

  it.each([2, 3, 4, 7, 16])('is even over %d shards, for ids that follow each other', (count) => {
    const newId = createIds();
    const keys = Array.from({ length: 1_000 * count }, newId);
    const held = new Array<number>(count).fill(0);
    let moved = 0;
    for (const key of keys) {
      const shard = shardOf(key, count);
      held[shard] = (held[shard] ?? 0) + 1;
      if (shardOf(key, count + 1) !== shard) moved += 1;
    }
    // Six standard deviations of a fair throw, which one run in a thousand million exceeds.
    const allowed = 6 * Math.sqrt(1_000);
    for (const n of held) expect(Math.abs(n - 1_000)).toBeLessThan(allowed);
    const fair = keys.length / (count + 1);
    expect(Math.abs(moved - fair)).toBeLessThan(6 * Math.sqrt(fair));
  });

  it('is written down: rows lie there', () => {
    const ids = [
      '01890a5d-ac96-774b-bcce-b302099a8057',
      '01890a5d-ac96-774b-bcce-b302099a8058',
      '00000000-0000-7000-8000-000000000000',
      '',
    ];
    expect(ids.map((id) => [2, 4, 16].map((count) => shardOf(id, count)))).toEqual([
      [1, 2, 2],
      [1, 2, 4],
      [1, 1, 15],
      [1, 2, 2],
    ]);
  });
});

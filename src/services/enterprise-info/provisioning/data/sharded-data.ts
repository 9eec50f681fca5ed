import { KolateError } from '../../../../contracts/errors';
import type { Shards } from '../../../../platform/tenancy/shards';
import type { LineBlobs } from './line-blobs';
import { createPostgresData } from './postgres-data';
import { shardStore } from './shard-counts';

type Counts = Readonly<Record<string, number>>;
type Sequences = Readonly<Record<string, number>>;
type Source = { readonly shards?: number; readonly sequences: Sequences };

/**
 * Everything in all PostgreSQL shards of a tenant, side by side. Counts are by `store:table`, where shard 0 is `postgres`
 * and the others `postgres-shard-1` …; each shard is exported to a folder of that name.
 */
export function createShardedData(shards: Shards) {
  const each = shards.all().map((shard, index) => ({ ...createPostgresData(shard), store: shardStore(index) }));
  const forAll = async (act: (shard: (typeof each)[number]) => Promise<void>): Promise<void> => {
    await Promise.all(each.map(act));
  };
  const countAll = async (count: (shard: (typeof each)[number], index: number) => Promise<Counts>): Promise<Counts> => {
    const counts = each.map(async (shard, index) => named(shard.store, await count(shard, index)));
    return Object.fromEntries((await Promise.all(counts)).flat());
  };

  return {
    count: (): Promise<Counts> => countAll((shard) => shard.count()),

    /** Each shard of one moment; of the same one when they are fenced. @returns the sequences of shard 0 */
    async exportTo(blobs: LineBlobs, prefix: string): Promise<{ counts: Counts; sequences: Sequences }> {
      let ofFirst: Sequences = {};
      const counts = await countAll(async (shard, index) => {
        const exported = await shard.exportTo(blobs, `${prefix}/${shard.store}`);
        if (index === 0) ofFirst = exported.sequences;
        return exported.counts;
      });
      return { counts, sequences: ofFirst };
    },

    /**
     * From as many shards each into its own, or from any number into the only one.
     * @throws KolateError KLT_PROVISION_FAILED for another number of shards
     */
    async importFrom(blobs: LineBlobs, prefix: string, { shards: from = 1, sequences }: Source): Promise<Counts> {
      const folders = Array.from({ length: from }, (_, index) => `${prefix}/${shardStore(index)}`);
      if (shards.count === 1) {
        return countAll((shard) => shard.importFrom(blobs, { prefixes: folders, sequences }));
      }
      if (shards.count !== from) {
        throw new KolateError('KLT_PROVISION_FAILED', `what ${from} shards held cannot go into ${shards.count}`);
      }
      return countAll((shard, index) =>
        shard.importFrom(blobs, {
          prefixes: folders.slice(index, index + 1),
          sequences: index === 0 ? sequences : {},
        }),
      );
    },

    purge: (): Promise<void> => forAll((shard) => shard.purge()),
    fence: (): Promise<void> => forAll((shard) => shard.fence()),
    release: (): Promise<void> => forAll((shard) => shard.release()),
  };
}

const named = (store: string, counts: Counts): [string, number][] =>
  Object.entries(counts).map(([what, n]) => [`${store}:${what}`, n]);

import { BSON, type Document } from 'mongodb';
import type { TenantMongo } from '../../../../platform/mongo/create-tenant-mongo';
import { type LineBlobs, readLines, writeLines } from './line-blobs';

type Counts = Record<string, number>;
/** Definitions of the indexes, by collection. */
export type Indexes = Readonly<Record<string, readonly Document[]>>;

const documentsAtOnce = 200;

/** Everything in a tenant's document database, as canonical Extended JSON: every number keeps its type. */
export function createMongoData(mongo: TenantMongo) {
  const count = async (): Promise<Counts> => {
    const counts: Counts = {};
    for (const name of await mongo.collections()) counts[name] = await mongo.collection(name).count();
    return counts;
  };
  const purge = async (): Promise<void> => {
    for (const name of await mongo.collections()) await mongo.collection(name).drop();
  };
  return {
    count,
    purge,
    async exportTo(blobs: LineBlobs, prefix: string): Promise<{ counts: Counts; indexes: Indexes }> {
      const counts: Counts = {};
      const indexes: Record<string, Document[]> = {};
      for (const name of await mongo.collections()) {
        const collection = mongo.collection(name);
        counts[name] = await writeLines(blobs, `${prefix}/${name}`, linesOf(collection.batches(documentsAtOnce)));
        indexes[name] = await collection.indexes();
      }
      return { counts, indexes };
    },
    /** In place of what is there. @returns the counts afterwards */
    async importFrom(blobs: LineBlobs, prefix: string, indexes: Indexes): Promise<Counts> {
      await purge();
      for (const [name, definitions] of Object.entries(indexes)) {
        const collection = mongo.collection(name);
        for (const { key, v: _version, ns: _namespace, ...options } of definitions) {
          await collection.createIndex(key, options);
        }
        for await (const lines of readLines(blobs, `${prefix}/${name}`, documentsAtOnce)) {
          await collection.insertMany(lines.map((line): Document => BSON.EJSON.parse(line, { relaxed: false })));
        }
      }
      return count();
    },
  };
}

async function* linesOf(batches: AsyncIterable<Document[]>): AsyncGenerator<string[]> {
  for await (const batch of batches) yield batch.map((document) => BSON.EJSON.stringify(document, { relaxed: false }));
}

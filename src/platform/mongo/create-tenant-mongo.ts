import type {
  AnyBulkWriteOperation,
  Collection,
  CreateIndexesOptions,
  Db,
  Document,
  Filter,
  IndexSpecification,
  OptionalUnlessRequiredId,
  Sort,
  UpdateFilter,
  WithId,
} from 'mongodb';
import { checkedCollectionName, checkPipeline } from './collection-name';
import { createMongoConnection, type MongoOptions } from './mongo-client';

export type TenantMongoOptions = MongoOptions & {
  readonly database: string;
  /** Of one command on the server. */
  readonly commandTimeoutMs?: number;
};

export type FindOptions = { readonly sort?: Sort; readonly limit?: number; readonly projection?: Document };

/** The document database of one tenant. There is no way from it to another database. */
export type TenantMongo = ReturnType<typeof createTenantMongo>;
export type TenantCollection<T extends Document = Document> = ReturnType<typeof bindCollection<T>>;

type Use = <R>(act: (db: Db) => Promise<R>) => Promise<R>;

export function createTenantMongo({ database, commandTimeoutMs = 10_000, ...server }: TenantMongoOptions) {
  const connection = createMongoConnection(server);
  const use: Use = (act) => connection.use((client) => act(client.db(database)));
  return {
    database,
    /** @throws KolateError KLT_REQUEST_INVALID for a name that a collection cannot have */
    collection: <T extends Document>(name: string): TenantCollection<T> =>
      bindCollection<T>(use, checkedCollectionName(name), commandTimeoutMs),
    /** Names of all collections. */
    collections: (): Promise<string[]> =>
      use(async (db) => {
        const all = await db.listCollections({}, { nameOnly: true }).toArray();
        return all.map(({ name }) => name).filter((name) => !name.startsWith('system.'));
      }),
    /** @throws KolateError KLT_DEPENDENCY_UNAVAILABLE, KLT_STORE_ACCESS_DENIED */
    ping: async (): Promise<void> => {
      await use((db) => db.command({ ping: 1 }));
    },
    close: connection.close,
  };
}

/** Each command has `maxTimeMS`: a statement that runs past it is ended on the server, too. */
function bindCollection<T extends Document>(use: Use, name: string, maxTimeMS: number) {
  const on = <R>(act: (collection: Collection<T>) => Promise<R>): Promise<R> =>
    use((db) => act(db.collection<T>(name)));
  return {
    name,
    insertOne: (document: OptionalUnlessRequiredId<T>) => on((to) => to.insertOne(document, { maxTimeMS })),
    insertMany: (documents: readonly OptionalUnlessRequiredId<T>[], { ordered = true } = {}) =>
      on((to) => to.insertMany(documents, { ordered, maxTimeMS })),
    findOne: (filter: Filter<T>): Promise<WithId<T> | null> => on((from) => from.findOne(filter, { maxTimeMS })),
    /** At most `limit` (1,000) documents. */
    find: (filter: Filter<T>, { sort, limit = 1_000, projection }: FindOptions = {}): Promise<WithId<T>[]> =>
      on((from) => from.find(filter, { sort, limit, projection, maxTimeMS }).toArray()),
    updateOne: (filter: Filter<T>, update: UpdateFilter<T>, { upsert = false } = {}) =>
      on((of) => of.updateOne(filter, update, { upsert, maxTimeMS })),
    bulkWrite: (writes: readonly AnyBulkWriteOperation<T>[], { ordered = false } = {}) =>
      on((to) => to.bulkWrite(writes, { ordered, maxTimeMS })),
    deleteMany: (filter: Filter<T>): Promise<number> =>
      on(async (from) => (await from.deleteMany(filter, { maxTimeMS })).deletedCount),
    count: (filter: Filter<T> = {}): Promise<number> => on((of) => of.countDocuments(filter, { maxTimeMS })),
    /** Reads only, within this database. @throws KolateError KLT_REQUEST_INVALID for a stage that could do else */
    aggregate: async <R extends Document>(pipeline: readonly Document[]): Promise<R[]> => {
      checkPipeline(pipeline);
      return on((from) => from.aggregate<R>([...pipeline], { maxTimeMS }).toArray());
    },
    createIndex: (keys: IndexSpecification, options: CreateIndexesOptions = {}) =>
      on((of) => of.createIndex(keys, options)),
    /** Of all of its indexes but that of `_id`. */
    indexes: (): Promise<Document[]> => on(async (of) => (await of.indexes()).filter((index) => index.name !== '_id_')),
    /** Every document, in batches, each number as the BSON type that it is stored as. */
    async *batches(size = 500): AsyncGenerator<Document[]> {
      const cursor = await on(async (from) =>
        from.find({}, { promoteValues: false, batchSize: size, sort: { _id: 1 } }),
      );
      try {
        while (await use(() => cursor.hasNext())) yield cursor.readBufferedDocuments();
      } finally {
        await cursor.close();
      }
    },
    drop: (): Promise<boolean> => on((of) => of.drop()),
  };
}

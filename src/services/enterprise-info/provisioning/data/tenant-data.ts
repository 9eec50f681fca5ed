import type { Document } from 'mongodb';
import type { SecretStore } from '../../../../platform/secrets/secret-store';
import { closeHandles, openHandles } from '../../../../platform/tenancy/open-handles';
import { type Placement, trustOf } from '../../../../platform/tenancy/placement';
import { passwordOf } from '../../../../platform/tenancy/stack-credentials';
import type { LineBlobs } from './line-blobs';
import { createMongoData } from './mongo-data';
import { createRedisData } from './redis-data';
import { createShardedData } from './sharded-data';

/** How much is where: `postgres:model.version`, `postgres-shard-1:prediction.prediction`, `mongo:events`, `redis:keys`. */
export type Counts = Readonly<Record<string, number>>;

/** What an import needs to know beside the lines. */
export type Manifest = {
  readonly tenantId: string;
  readonly tier: string;
  readonly exportedAt: string;
  readonly counts: Counts;
  /** How many PostgreSQL shards it was taken from; absent for one. */
  readonly shards?: number;
  /** Of shard 0: what is spread over shards has none. */
  readonly sequences: Readonly<Record<string, number>>;
  readonly indexes: Readonly<Record<string, readonly Document[]>>;
};

export const manifestKey = (prefix: string): string => `${prefix}/manifest.json`;

const statementTimeoutMs = 120_000;

/** All that is in the three stores of one placement. Close it after use. */
export function openTenantData(placement: Placement, { secrets, name }: { secrets: SecretStore; name: string }) {
  const handles = openHandles(placement, { secrets, name, maxConnections: 2, statementTimeoutMs });
  const { redis: at, members } = placement.endpoints;
  const tls = trustOf(placement.endpoints);
  const password = passwordOf(secrets, placement.secretName, 'redisMaintenance', at.maintenanceUser);
  const shards = createShardedData(handles.shards);
  const mongo = createMongoData(handles.mongo);
  const redis = createRedisData(
    { host: at.host, port: at.port, members, user: at.maintenanceUser, tls, password, name },
    at.keyPrefix,
  );

  return {
    fence: shards.fence,
    release: shards.release,
    async count(): Promise<Counts> {
      const [rows, documents, keys] = await Promise.all([shards.count(), mongo.count(), redis.count()]);
      return toCounts(rows, documents, keys);
    },
    async exportTo(blobs: LineBlobs, prefix: string): Promise<Manifest> {
      const [rows, documents, keys] = await Promise.all([
        shards.exportTo(blobs, prefix),
        mongo.exportTo(blobs, `${prefix}/mongo`),
        redis.exportTo(blobs, `${prefix}/redis`),
      ]);
      const { tenantId, tier } = placement;
      const counts = toCounts(rows.counts, documents.counts, keys);
      const exportedAt = new Date().toISOString();
      const { sequences } = rows;
      const { count } = handles.shards;
      const spread = count > 1 ? { shards: count } : {};
      return { tenantId, tier, exportedAt, counts, ...spread, sequences, indexes: documents.indexes };
    },
    async importFrom(blobs: LineBlobs, prefix: string, manifest: Manifest): Promise<Counts> {
      const [rows, documents, keys] = await Promise.all([
        shards.importFrom(blobs, prefix, manifest),
        mongo.importFrom(blobs, `${prefix}/mongo`, manifest.indexes),
        redis.importFrom(blobs, `${prefix}/redis`),
      ]);
      return toCounts(rows, documents, keys);
    },
    async purge(): Promise<void> {
      await Promise.all([shards.purge(), mongo.purge(), redis.purge()]);
    },
    async close(): Promise<void> {
      await Promise.all([closeHandles(handles), redis.close()]);
    },
  };
}
export type TenantData = ReturnType<typeof openTenantData>;

/** @param rows by `store:table` already */
function toCounts(rows: Counts, documents: Counts, keys: number): Counts {
  const named = (store: string, counts: Counts) => Object.entries(counts).map(([what, n]) => [`${store}:${what}`, n]);
  return Object.fromEntries([...Object.entries(rows), ...named('mongo', documents), ['redis:keys', keys]]);
}

/** What differs, as `what: expected → got`; absent counts as none. */
export function differences(expected: Counts, got: Counts): string[] {
  const names = new Set([...Object.keys(expected), ...Object.keys(got)]);
  return [...names].flatMap((what) => {
    const [before, after] = [expected[what] ?? 0, got[what] ?? 0];
    return before === after ? [] : [`${what}: ${before} → ${after}`];
  });
}

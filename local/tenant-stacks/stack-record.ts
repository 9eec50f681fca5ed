import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { readJsonFile, writePrivateJson } from '../../cli/private-file';
import type { StackEndpoints } from '../../src/platform/tenancy/placement';

/** What is remembered of a dedicated stack's engines: their ports stay, and their administrators' passwords are ours alone. */
export type DedicatedEngines = {
  readonly ports: {
    readonly postgres: number;
    readonly documentPostgres: number;
    readonly document: number;
    readonly valkey: number;
    /** Of the PostgreSQL shards after the first; absent where there are none. */
    readonly shards?: readonly number[];
  };
  readonly passwords: { readonly postgres: string; readonly document: string; readonly valkey: string };
  /** The spare data folders that became this stack's. */
  readonly spare?: string;
};

export type StackRecord = {
  readonly name: string;
  readonly tenantId: string;
  readonly tier: string;
  /** How many PostgreSQL shards; absent for one. */
  readonly shards?: number;
  /** `building` until everything answers; what is `leaving` is never used again. */
  readonly state: 'building' | 'ready' | 'leaving';
  readonly requestToken: string;
  readonly engines?: DedicatedEngines;
  readonly endpoints?: StackEndpoints;
};

export type StackRecords = ReturnType<typeof createStackRecords>;

const suffix = '.stack.json';

/** One file a stack, for its owner alone, written whole or not at all. */
export function createStackRecords(dir: string) {
  const fileOf = (name: string): string => join(dir, name + suffix);
  return {
    read: (name: string): Promise<StackRecord | undefined> => readJsonFile<StackRecord>(fileOf(name)),
    async write(record: StackRecord): Promise<void> {
      await mkdir(dir, { recursive: true, mode: 0o700 });
      await writePrivateJson(fileOf(record.name), record);
    },
    remove: (name: string): Promise<void> => rm(fileOf(name), { force: true }),
    async all(): Promise<StackRecord[]> {
      const files = await readdir(dir).catch(() => []);
      const names = files.filter((file) => file.endsWith(suffix)).map((file) => file.slice(0, -suffix.length));
      const records = await Promise.all(names.map((name) => readJsonFile<StackRecord>(fileOf(name))));
      return records.filter((record) => record !== undefined);
    },
  };
}

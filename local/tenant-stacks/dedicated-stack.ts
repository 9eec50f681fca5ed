import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { tenantPlaceholder } from '../../src/contracts/tier-plan';
import { endpointsOf } from '../../src/platform/tenancy/pool/pool-endpoints';
import { tenantNames } from '../../src/platform/tenancy/pool/tenant-names';
import { createValkeyTenants } from '../../src/platform/tenancy/pool/valkey-tenant';
import { createDocumentEngine } from '../engines/document-engine';
import type { DatabaseEndpoint, Engine, EnginePaths, ProcessSpec } from '../engines/engine';
import { holdFreePort } from '../engines/free-port';
import { createPostgresEngine } from '../engines/postgres-engine';
import { createValkeyEngine } from '../engines/valkey-engine';
import { createDocumentTenants } from './document-tenant';
import { createPostgresTenants } from './postgres-tenants';
import { newPassword, type Spares } from './spare-engines';
import type { StackBuilder } from './stack-builder';
import type { DedicatedEngines, StackRecord } from './stack-record';

/** Who keeps processes running: starts them again when they end by themselves. */
export type ProcessKeeper = {
  start(process: {
    readonly spec: ProcessSpec;
    readonly kind: 'tenant';
    readonly port: number;
    readonly prepare: () => Promise<void>;
  }): Promise<void>;
  stop(name: string): Promise<void>;
};

export type DedicatedOptions = {
  readonly spares: Spares;
  /** Folder of the engines' data; can be entered by the account that they run under. */
  readonly dataDir: string;
  readonly paths: EnginePaths;
  readonly processes: ProcessKeeper;
  readonly durable?: boolean;
};

type One = Engine<DatabaseEndpoint>;
type Engines = Readonly<Record<'postgres' | 'documentPostgres' | 'document' | 'valkey', One>> & {
  /** The PostgreSQL shards after the first. */
  readonly shards: readonly One[];
};

const maxConnections = 60;

/** Engines of the tenant's own, from prepared data folders, all started side by side. */
export function createDedicatedBuilder(options: DedicatedOptions): StackBuilder {
  const { processes, spares } = options;
  /** Of the processes that we have started, by name: a start that is under way is waited for and not made again. */
  const started = new Map<string, Promise<void>>();

  const ensure = (engine: Engine<DatabaseEndpoint>): Promise<void> => {
    const { name } = engine.spec;
    const known = started.get(name);
    if (known) return known;
    const { port } = engine.endpoint;
    const start = processes.start({ spec: engine.spec, kind: 'tenant', port, prepare: engine.prepare });
    started.set(name, start);
    start.catch(() => started.delete(name));
    return start;
  };

  const end = async ({ spec }: Engine<DatabaseEndpoint>): Promise<void> => {
    await started.get(spec.name)?.catch(() => undefined);
    await processes.stop(spec.name);
    started.delete(spec.name);
  };

  const enginesOf = async (record: StackRecord): Promise<Engines> => {
    if (!record.engines) throw new Error(`the record of ${record.name} names no engines`);
    if (record.engines.spare !== undefined) await spares.place({ id: record.engines.spare }, record.name);
    await mkdir(join(options.dataDir, record.name), { recursive: true, mode: 0o711 });
    return createEngines(record.name, record.engines, options);
  };

  return {
    resources({ tier, shards }) {
      const one = (kind: string, part: string, count = 1) => ({
        ...{ kind, count, where: 'this machine' },
        name: `tenant-${tenantPlaceholder}-${tier}-${part}`,
      });
      return [
        one('PostgreSQL process', shards > 1 ? 'postgres*' : 'postgres', shards),
        one('FerretDB process', 'document'),
        one('PostgreSQL process for FerretDB', 'document-postgres'),
        one('Valkey process', 'valkey'),
        {
          kind: 'data folder',
          name: `tenant-${tenantPlaceholder}-${tier}`,
          count: 1,
          where: 'the home of this platform',
        },
      ];
    },
    async plan(known, { shards }) {
      if (known?.engines) return known.engines;
      const [ports, spare] = await Promise.all([choosePorts(shards), spares.take()]);
      const passwords = spare?.passwords ?? { postgres: newPassword(), document: newPassword() };
      return { ports, passwords: { ...passwords, valkey: newPassword() }, ...(spare && { spare: spare.id }) };
    },
    async build(record, credentials) {
      const engines = await enginesOf(record);
      const names = tenantNames(record.tenantId);
      const { postgres, shards, documentPostgres, document, valkey } = engines;
      await Promise.all([
        ...[postgres, ...shards].map((shard) =>
          ensure(shard).then(() => createPostgresTenants(shard.endpoint.url).ensure(names, credentials)),
        ),
        ensure(documentPostgres).then(() =>
          Promise.all([
            createDocumentTenants(documentPostgres.endpoint.url).ensure(names, credentials),
            ensure(document),
          ]),
        ),
        ensure(valkey).then(() => createValkeyTenants(async () => valkey.endpoint.url).ensure(names, credentials)),
      ]);
      spares.makeSoon();
      return addressesOf(engines, record.tenantId);
    },
    async restore(record) {
      const remembered = record.engines && {
        ...record.engines,
        ports: await choosePorts(record.shards, record.engines.ports),
      };
      const moved: StackRecord = { ...record, engines: remembered };
      const engines = await enginesOf(moved);
      const { postgres, shards, documentPostgres, document, valkey } = engines;
      await Promise.all([
        ...[postgres, ...shards, valkey].map(ensure),
        ensure(documentPostgres).then(() => ensure(document)),
      ]);
      return { ...moved, endpoints: addressesOf(engines, record.tenantId) };
    },
    async destroy(record) {
      if (record.engines) {
        const { postgres, shards, documentPostgres, document, valkey } = await enginesOf(record);
        await Promise.all([...[postgres, ...shards, valkey].map(end), end(document).then(() => end(documentPostgres))]);
      }
      await rm(join(options.dataDir, record.name), { recursive: true, force: true });
    },
  };
}

function createEngines(stack: string, { ports, passwords }: DedicatedEngines, options: DedicatedOptions): Engines {
  const { paths, durable, dataDir } = options;
  const common = (part: string, port: number) => ({
    name: `${stack}-${part}`,
    dir: join(dataDir, stack, part),
    ...{ port, paths, durable },
  });
  const documentPostgres = createPostgresEngine({
    ...common('document-postgres', ports.documentPostgres),
    password: passwords.document,
    flavour: 'document',
    maxConnections,
  });
  const plainPostgres = (part: string, port: number): One =>
    createPostgresEngine({ ...common(part, port), password: passwords.postgres, maxConnections });
  return {
    postgres: plainPostgres('postgres', ports.postgres),
    shards: (ports.shards ?? []).map((port, index) => plainPostgres(`postgres-shard-${index + 1}`, port)),
    documentPostgres,
    document: createDocumentEngine({ ...common('document', ports.document), postgres: documentPostgres }),
    valkey: createValkeyEngine({ ...common('valkey', ports.valkey), password: passwords.valkey }),
  };
}

function addressesOf({ postgres, shards, document, valkey }: Engines, tenantId: string) {
  const at = { postgres: postgres.endpoint, document: document.endpoint, valkey: valkey.endpoint };
  return endpointsOf({ ...at, shards: shards.map(({ endpoint }) => endpoint) }, tenantId);
}

/** A free port for each engine: those of `before` where they are free. */
async function choosePorts(shards = 1, before?: DedicatedEngines['ports']): Promise<DedicatedEngines['ports']> {
  // All are held until all are chosen, so that none is chosen twice.
  const [postgres, documentPostgres, document, valkey, ...more] = await Promise.all([
    holdFreePort(before?.postgres),
    holdFreePort(before?.documentPostgres),
    holdFreePort(before?.document),
    holdFreePort(before?.valkey),
    ...Array.from({ length: shards - 1 }, (_, index) => holdFreePort(before?.shards?.[index])),
  ]);
  await Promise.all([postgres, documentPostgres, document, valkey, ...more].map((held) => held.release()));
  return {
    ...{ postgres: postgres.port, documentPostgres: documentPostgres.port },
    ...{ document: document.port, valkey: valkey.port },
    ...(more.length > 0 && { shards: more.map(({ port }) => port) }),
  };
}

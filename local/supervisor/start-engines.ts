import { join } from 'node:path';
import { allTopics } from '../../src/contracts/topics';
import { jitteredBackoff } from '../../src/domain/backoff';
import { createKafka } from '../../src/platform/kafka/create-kafka';
import type { Logger } from '../../src/platform/logging/create-logger';
import type { Core, CoreEngines } from './core-engines';
import type { Home } from './home';
import type { HomeSecrets } from './home-secrets';
import type { HeldPorts } from './ports';
import { ensureBuckets, prepareCoreDatabase } from './prepare-core';
import type { ProcessManager } from './process-manager';
import { buckets } from './service-specs';
import type { SideBySide } from './side-by-side';
import type { Steps } from './steps';

type Deps = {
  readonly engines: CoreEngines;
  readonly home: Home;
  readonly ports: HeldPorts;
  readonly secrets: HomeSecrets;
  readonly manager: ProcessManager;
  readonly steps: Steps;
  readonly migrations: string;
  readonly log: Logger;
  /** Starts tenants' own engines again; called once the shared engines that tenants use are there. */
  readonly restoreTenants: () => Promise<void>;
  readonly all: SideBySide;
};

/** Starts the engines side by side, each followed at once by what it has to hold before a service may come. */
export async function startEngines(deps: Deps): Promise<void> {
  const { engines, steps, secrets, all } = deps;
  const postgres = async () => {
    await startEngine(deps, engines.postgres, 'postgres');
    await steps.step(
      'core database',
      () =>
        prepareCoreDatabase(engines.postgres, deps.migrations, {
          enterprise_info: secrets['platform/role-enterprise-info'],
          core: secrets['platform/role-core'],
          predict: secrets['platform/role-predict'],
        }),
      (applied) => (applied.length > 0 ? `${applied.length} migrations applied` : 'up to date'),
    );
  };
  const document = async () => {
    if (engines.documentPostgres) await startEngine(deps, engines.documentPostgres, 'document-postgres');
    await startEngine(deps, engines.document, 'document');
  };
  const kafka = async () => {
    await deps.ports['kafka-controller'].release();
    await startEngine(deps, engines.kafka, 'kafka');
    await steps.step(
      'topics',
      () => ensureTopics(deps),
      (made) => (made.length > 0 ? `${made.length} made` : 'all there'),
    );
  };
  const s3 = async () => {
    await startEngine(deps, engines.s3, 's3');
    const folder = engines.s3.engine && join(deps.home.data, 's3/buckets');
    await ensureBuckets(engines.s3.endpoint, folder, Object.values(buckets));
  };
  const tenants = async () => {
    await all([postgres(), document(), startEngine(deps, engines.valkey, 'valkey')]);
    await deps.restoreTenants();
  };
  await all([tenants(), kafka(), s3()]);
}

async function startEngine<E>(
  { manager, ports, steps }: Deps,
  { engine }: Core<E>,
  name: Exclude<keyof CoreEngines, 'documentPostgres'> | 'document-postgres',
): Promise<void> {
  const { port, release } = ports[name];
  if (!engine) return;
  const { spec, prepare } = engine;
  await steps.step(spec.name, async () => {
    const prepared = async (): Promise<void> => {
      await prepare();
      await release();
    };
    await manager.start({ spec, kind: 'engine', port, prepare: prepared });
  });
}

async function ensureTopics({ engines, log }: Deps): Promise<string[]> {
  const backoff = jitteredBackoff({ baseMs: 50, maxMs: 1_000 }, Math.random);
  const kafka = createKafka({
    brokers: engines.kafka.endpoint.brokers.split(','),
    clientId: 'kolate-supervisor',
    log,
    backoff,
  });
  try {
    return await kafka.ensureTopics(allTopics());
  } finally {
    await kafka.close();
  }
}

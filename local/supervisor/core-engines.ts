import { join } from 'node:path';
import { createDocumentEngine } from '../engines/document-engine';
import type { DatabaseEndpoint, Engine, EnginePaths } from '../engines/engine';
import type { HeldPort } from '../engines/free-port';
import { createKafkaEngine, type KafkaEndpoint } from '../engines/kafka-engine';
import { createPostgresEngine } from '../engines/postgres-engine';
import { createS3Engine, type S3Endpoint } from '../engines/s3-engine';
import { createValkeyEngine } from '../engines/valkey-engine';
import type { GivenEngines } from './given-engines';
import type { Home } from './home';
import type { HomeSecrets } from './home-secrets';

/** `engine` is absent where one of the user's own is used: there is nothing to start then. */
export type Core<E> = { readonly endpoint: E; readonly engine?: Engine<E> };
export type CoreEngines = {
  readonly postgres: Core<DatabaseEndpoint>;
  /** What FerretDB stands on; not there beside a MongoDB of the user's own. */
  readonly documentPostgres?: Core<DatabaseEndpoint>;
  readonly document: Core<DatabaseEndpoint>;
  readonly valkey: Core<DatabaseEndpoint>;
  readonly kafka: Core<KafkaEndpoint>;
  readonly s3: Core<S3Endpoint>;
};
export const coreEngineNames = ['postgres', 'document-postgres', 'document', 'valkey', 'kafka', 's3'] as const;
type Ports = Readonly<Record<(typeof coreEngineNames)[number] | 'kafka-controller', HeldPort>>;

export type CoreOptions = {
  readonly home: Home;
  readonly ports: Ports;
  readonly secrets: HomeSecrets;
  readonly paths: EnginePaths;
  readonly given: GivenEngines;
};

/** The engines that the platform and all `pool` tenants share. */
export function createCoreEngines({ home, ports, secrets, paths, given }: CoreOptions): CoreEngines {
  const common = (name: keyof Ports) => ({ name, dir: join(home.data, name), port: ports[name].port, paths });
  const ours = <E>(endpoint: E | undefined, make: () => Engine<E>): Core<E> => {
    if (endpoint) return { endpoint };
    const engine = make();
    return { endpoint: engine.endpoint, engine };
  };
  const documentPostgres = createPostgresEngine({
    ...common('document-postgres'),
    password: secrets['platform/document'],
    flavour: 'document',
  });
  return {
    postgres: ours(given.postgres, () =>
      createPostgresEngine({ ...common('postgres'), password: secrets['platform/postgres'] }),
    ),
    ...(given.document ? {} : { documentPostgres: ours(undefined, () => documentPostgres) }),
    document: ours(given.document, () => createDocumentEngine({ ...common('document'), postgres: documentPostgres })),
    valkey: ours(given.valkey, () => createValkeyEngine({ ...common('valkey'), password: secrets['platform/valkey'] })),
    kafka: ours(given.kafka, () =>
      createKafkaEngine({ ...common('kafka'), controllerPort: ports['kafka-controller'].port }),
    ),
    s3: ours(given.s3, () =>
      createS3Engine({ ...common('s3'), accessKeyId: 'kolate', secretAccessKey: secrets['platform/s3'] }),
    ),
  };
}

import { join } from 'node:path';
import { createDocumentEngine } from '../engines/document-engine';
import type { DatabaseEndpoint, Engine, EnginePaths } from '../engines/engine';
import type { HeldPort } from '../engines/free-port';
import { createKafkaEngine, type KafkaEndpoint } from '../engines/kafka-engine';
import { createPostgresEngine } from '../engines/postgres-engine';
import { createS3Engine, type S3Endpoint } from '../engines/s3-engine';
import { createValkeyEngine } from '../engines/valkey-engine';
import type { Home } from './home';
import type { HomeSecrets } from './home-secrets';

export type CoreEngines = {
  readonly postgres: Engine<DatabaseEndpoint>;
  readonly documentPostgres: Engine<DatabaseEndpoint>;
  readonly document: Engine<DatabaseEndpoint>;
  readonly valkey: Engine<DatabaseEndpoint>;
  readonly kafka: Engine<KafkaEndpoint>;
  readonly s3: Engine<S3Endpoint>;
};
export const coreEngineNames = ['postgres', 'document-postgres', 'document', 'valkey', 'kafka', 's3'] as const;
type Ports = Readonly<Record<(typeof coreEngineNames)[number] | 'kafka-controller', HeldPort>>;

/** The engines that the platform and all `pool` tenants share. */
export function createCoreEngines(home: Home, ports: Ports, secrets: HomeSecrets, paths: EnginePaths): CoreEngines {
  const common = (name: keyof Ports) => ({ name, dir: join(home.data, name), port: ports[name].port, paths });
  const documentPostgres = createPostgresEngine({
    ...common('document-postgres'),
    password: secrets['platform/document'],
    flavour: 'document',
  });
  return {
    postgres: createPostgresEngine({ ...common('postgres'), password: secrets['platform/postgres'] }),
    documentPostgres,
    document: createDocumentEngine({ ...common('document'), postgres: documentPostgres }),
    valkey: createValkeyEngine({ ...common('valkey'), password: secrets['platform/valkey'] }),
    kafka: createKafkaEngine({ ...common('kafka'), controllerPort: ports['kafka-controller'].port }),
    s3: createS3Engine({ ...common('s3'), accessKeyId: 'kolate', secretAccessKey: secrets['platform/s3'] }),
  };
}

import { join } from 'node:path';
import type { DatabaseEndpoint, Engine, EngineOptions } from './engine';
import { loopback } from './engine';
import { makeOwnDir } from './own-files';
import { askPort } from './probe';

export type DocumentOptions = EngineOptions & {
  /** Of `flavour: 'document'`; started before this one and stopped after it. */
  readonly postgres: Engine<DatabaseEndpoint>;
};

/** `{ hello: 1, $db: 'admin' }` as an OP_MSG of MongoDB's wire protocol. */
const hello = Buffer.from(
  '340000000100000000000000dd0700000000000000' + '1f0000001068656c6c6f000100000002246462000600000061646d696e0000',
  'hex',
);

/**
 * FerretDB: MongoDB's wire protocol over a PostgreSQL with DocumentDB. Users are that cluster's roles (SCRAM-SHA-256);
 * the administrator is its superuser.
 */
export function createDocumentEngine({ name, dir, port, paths, postgres }: DocumentOptions): Engine<DatabaseEndpoint> {
  const { user, password } = postgres.endpoint;
  const state = join(dir, 'state');
  return {
    endpoint: {
      ...{ host: loopback, port, user, password },
      url: `mongodb://${user}:${encodeURIComponent(password)}@${loopback}:${port}/?authMechanism=SCRAM-SHA-256`,
    },
    spec: {
      name,
      command: paths.ferretdb,
      args: [
        `--listen-addr=${loopback}:${port}`,
        '--telemetry=disable',
        '--debug-addr=-',
        `--state-dir=${state}`,
      ].concat(['--log-level=WARN', '--log-format=json', '--no-log-uuid']),
      env: { FERRETDB_POSTGRESQL_URL: postgres.endpoint.url, HOME: dir },
      cwd: dir,
      ...paths.user,
      stopSignal: 'SIGTERM',
      ready: async () => (await askPort(port, hello)).length > 16,
      readyTimeoutMs: 30_000,
      alive: async () => (await askPort(port, hello, 5_000)) !== '',
    },
    async prepare() {
      await makeOwnDir(dir, paths.user);
      await makeOwnDir(state, paths.user);
    },
  };
}

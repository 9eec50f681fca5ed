import { join } from 'node:path';
import { Client, DatabaseError } from 'pg';
import { run } from '../setup/run.mjs';
import type { Credentials, DatabaseEndpoint, Engine, EngineOptions, EnginePaths } from './engine';
import { loopback } from './engine';
import { cloneOnce } from './own-files';
import { endPostgresOf } from './postgres-leftovers';
import { adminRole, type PostgresFlavour, postgresTemplate } from './postgres-template';

export type PostgresOptions = EngineOptions & {
  /** Of the superuser, whose name is always `kolate_admin`. Taken up when the data folder is made, and not after that. */
  readonly password: string;
  /** `document`: with the DocumentDB extension, for FerretDB to stand on. Default `plain`. */
  readonly flavour?: PostgresFlavour;
  readonly maxConnections?: number;
};

const settings = {
  listen_addresses: loopback,
  // A path of a home may be longer than the 107 bytes that a socket's name can have.
  unix_socket_directories: '',
  jit: 'off',
  shared_buffers: '32MB',
  work_mem: '4MB',
  maintenance_work_mem: '32MB',
  max_wal_size: '256MB',
  min_wal_size: '16MB',
  // Asynchronous reads by workers would be three more processes for each cluster.
  io_method: 'sync',
  max_logical_replication_workers: '0',
  max_parallel_workers_per_gather: '0',
  max_worker_processes: '4',
  autovacuum_max_workers: '1',
  autovacuum_worker_slots: '2',
  // Known without the host's time zone files, which a small image does not have.
  timezone: 'GMT',
  log_timezone: 'GMT',
  // A failed statement may hold a password.
  log_min_error_statement: 'panic',
  log_line_prefix: '[%p] %q%u@%d ',
};

const documentSettings = {
  shared_preload_libraries: 'pg_cron,pg_documentdb_core,pg_documentdb,pg_documentdb_extended_rum',
  'cron.database_name': 'postgres',
  // Its jobs run inside the server and so need no password of their own.
  'cron.use_background_workers': 'on',
  // It would write two lines a minute for each of DocumentDB's jobs; those that fail are still told.
  'cron.log_run': 'off',
  'cron.log_statement': 'off',
  'cron.log_min_messages': 'warning',
  max_worker_processes: '12',
  // The extension calls its own server as the user it works for, whose password it does not know. By an abstract socket,
  // which has no path, and as the account that the server itself runs under: pg_hba.conf lets nobody else in that way.
  unix_socket_directories: '@kolate',
  'documentdb.localhost_connection_string': 'host=@kolate',
};

const carefree = { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' };

/** A PostgreSQL cluster with SCRAM for everybody, on loopback only. */
export function createPostgresEngine(options: PostgresOptions): Engine<DatabaseEndpoint> {
  const { name, dir, port, paths, flavour = 'plain' } = options;
  const bin = flavour === 'document' ? paths.documentPostgresBin : paths.postgresBin;
  const endpoint = endpointOf(port, { user: adminRole, password: options.password });
  return {
    endpoint,
    spec: {
      name,
      command: join(bin, 'postgres'),
      args: ['-D', dir, ...flags({ port: String(port), ...settingsOf(options) })],
      env: {},
      cwd: dir,
      ...paths.user,
      // Fast: open transactions are rolled back, and nobody is waited for.
      stopSignal: 'SIGINT',
      ready: () => answers(endpoint),
      readyTimeoutMs: 60_000,
      alive: () => answers(endpoint).catch(isRefusal),
    },
    async prepare() {
      const template = await postgresTemplate({ bin, flavour, paths, startFlags: flags(settingsOf(options)) });
      await cloneOnce(template, dir, (copy) => setPassword(bin, copy, options.password, paths));
      await endPostgresOf(dir);
    },
  };
}

function settingsOf({ flavour, durable = true, maxConnections = 200 }: PostgresOptions): Record<string, string> {
  return {
    ...settings,
    ...(flavour === 'document' ? documentSettings : {}),
    ...(durable ? {} : carefree),
    max_connections: String(maxConnections),
  };
}

const flags = (values: Record<string, string>) =>
  Object.entries(values).flatMap(([key, value]) => ['-c', `${key}=${value}`]);

function endpointOf(port: number, { user, password }: Credentials): DatabaseEndpoint {
  const url = `postgresql://${user}:${encodeURIComponent(password)}@${loopback}:${port}/postgres`;
  return { host: loopback, port, user, password, url };
}

/** In single-user mode, so that the cluster never listens with the template's password. */
async function setPassword(bin: string, dir: string, password: string, { user }: EnginePaths): Promise<void> {
  const literal = password.replaceAll("'", "''");
  await run(join(bin, 'postgres'), ['--single', '-D', dir, '-c', 'log_min_messages=warning', 'postgres'], {
    input: `alter role ${adminRole} password '${literal}'\n`,
    cwd: dir,
    timeoutMs: 30_000,
    ...user,
  });
}

/** Too many connections, starting up: a server that says so does not hang. */
const isRefusal = (error: unknown): boolean => error instanceof DatabaseError;

async function answers({ url }: DatabaseEndpoint): Promise<boolean> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 3_000, query_timeout: 3_000 });
  client.on('error', () => undefined);
  try {
    await client.connect();
    await client.query('select 1');
    return true;
  } finally {
    await client.end().catch(() => undefined);
  }
}

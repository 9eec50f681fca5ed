import { readFileSync } from 'node:fs';
import { resolveLocally } from '../setup/resolve.mjs';
import type { EnginePaths, OsUser } from './engine';

/**
 * As root the engines run as `nobody`: PostgreSQL refuses root, and `nobody` is on every host from the start. `postgres`
 * would appear when somebody installs the host's own PostgreSQL, whose files our engines could then read, and data made
 * before would belong to another account.
 */
export function engineUser(uid = process.getuid?.(), passwd = '/etc/passwd'): OsUser | undefined {
  if (uid !== 0) return undefined;
  const line = readFileSync(passwd, 'utf8').match(/^nobody:[^:]*:(\d+):(\d+):/m);
  if (!line) throw new Error('running as root needs the account `nobody`, and /etc/passwd has none');
  return { uid: Number(line[1]), gid: Number(line[2]) };
}

/** Where each engine's programs are on this machine: one on PATH that will do, else the cache. */
export function findEnginePaths(env: Record<string, string | undefined> = process.env): EnginePaths {
  const { layout, engines, documentPostgres, java } = resolveLocally(env);
  return {
    postgresBin: engines.postgres.path ?? layout.postgresBin,
    documentPostgresBin: documentPostgres,
    ferretdb: engines.document.path ?? layout.ferretdb,
    valkeyServer: engines.valkey.path ?? layout.valkeyServer,
    kafkaLib: engines.kafka.path ?? layout.kafkaLib,
    java,
    versitygw: engines.s3.path ?? layout.versitygw,
    templates: layout.templates,
    user: engineUser(),
  };
}

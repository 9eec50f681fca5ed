import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Credentials, DatabaseEndpoint, Engine, EngineOptions } from './engine';
import { loopback } from './engine';
import { makeOwnDir, writeOwnFile } from './own-files';
import { askPort } from './probe';

export type ValkeyOptions = EngineOptions & {
  /** Of the administrator `kolate_admin`; nobody gets in without a user of the ACL. */
  readonly password: string;
  /** Default 128 MB. Above it keys that have an expiry go, the least used first. */
  readonly maxMemoryBytes?: number;
};

/** Further users are made with `ACL SETUSER` and kept with `ACL SAVE`. */
export function createValkeyEngine(options: ValkeyOptions): Engine<DatabaseEndpoint> {
  const { name, dir, port, paths, password, durable = true, maxMemoryBytes = 128 * 1024 * 1024 } = options;
  const admin: Credentials = { user: 'kolate_admin', password };
  const aclFile = join(dir, 'users.acl');
  const place = ['--bind', loopback, '--port', String(port), '--dir', dir, '--aclfile', aclFile];
  const keep = durable ? ['--appendonly', 'yes', '--appendfsync', 'everysec'] : ['--appendonly', 'no'];
  const limits = ['--maxmemory', String(maxMemoryBytes), '--maxmemory-policy', 'volatile-lru'];
  return {
    endpoint: {
      ...{ host: loopback, port, ...admin },
      url: `redis://${admin.user}:${encodeURIComponent(password)}@${loopback}:${port}`,
    },
    spec: {
      name,
      command: paths.valkeyServer,
      args: [...place, ...keep, ...limits, '--save', '', '--daemonize', 'no', '--loglevel', 'notice'],
      env: {},
      cwd: dir,
      ...paths.user,
      stopSignal: 'SIGTERM',
      // Not let in is an answer too; while it reads its file it says -LOADING.
      ready: async () => /^(\+PONG|-NOAUTH)/.test(await askPort(port, 'PING\r\n')),
      readyTimeoutMs: 30_000,
      alive: async () => (await askPort(port, 'PING\r\n', 5_000)) !== '',
    },
    async prepare() {
      await makeOwnDir(dir, paths.user);
      const known = await readFile(aclFile, 'utf8').catch(() => '');
      await writeOwnFile(aclFile, withAdministrator(known, admin), paths.user);
    },
  };
}

/** The file's other users stay as they are. */
function withAdministrator(acl: string, { user, password }: Credentials): string {
  const hash = createHash('sha256').update(password).digest('hex');
  const others = acl.split('\n').filter((line) => /^user (?!default |kolate_admin )/.test(line));
  return ['user default reset off', `user ${user} reset on #${hash} ~* &* +@all`, ...others, ''].join('\n');
}

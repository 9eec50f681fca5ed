// What is installed, in which version, and where it lies in the cache. A new version gets a new folder beside the old one.
import { accessSync, constants } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** @typedef {Record<string, string | undefined>} Env */

export const versions = {
  node: '24',
  /** Debian's suite and the number of our recipe: raise the number when what is installed, or how, changes. */
  prefix: 'forky-1',
  kafka: '4.2.0',
  scala: '2.13',
  ferretdb: '2.7.0',
  versitygw: '1.7.0',
};

/** Where PostgreSQL's files stand in the prefix; the folder of libraries is named after the architecture. */
const triplets = { x64: 'x86_64-linux-gnu', arm64: 'aarch64-linux-gnu' };

/**
 * The folder for everything that is downloaded or built once: KOLATE_CACHE, else the user's cache folder. As root it is
 * a folder that others can enter, since PostgreSQL refuses to run as root and an unprivileged user has to read it.
 * @param {Env} env
 */
export function cacheRoot(env = process.env, uid = process.getuid?.()) {
  if (env.KOLATE_CACHE) return env.KOLATE_CACHE;
  if (uid === 0) return '/var/cache/kolate';
  return join(env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'kolate');
}

/** @param {string} root */
export function cacheLayout(root, arch = process.arch) {
  const prefix = join(root, `engines-${versions.prefix}-${arch}`);
  return {
    root,
    node: join(root, `node-${versions.node}-${arch}`),
    prefix,
    prefixLibraries: [`usr/lib/${triplets[arch]}`, 'usr/lib/postgresql/18/lib'],
    postgresBin: join(prefix, 'usr/lib/postgresql/18/bin'),
    valkeyServer: join(prefix, 'usr/bin/valkey-server'),
    kafkaLib: join(root, `kafka-${versions.kafka}`),
    ferretdb: join(root, `ferretdb-${versions.ferretdb}-${arch}`, 'ferretdb'),
    versitygw: join(root, `versitygw-${versions.versitygw}-${arch}`, 'versitygw'),
    /** Prepared data folders, cloned for each home and tenant. */
    templates: join(root, 'templates'),
  };
}

/**
 * The first executable of that name on PATH.
 * @param {string} name
 * @param {Env} env
 */
export function onPath(name, env = process.env) {
  for (const dir of (env.PATH ?? '').split(':')) {
    if (!dir) continue;
    try {
      accessSync(join(dir, name), constants.X_OK);
      return join(dir, name);
    } catch {
      // Not here.
    }
  }
  return undefined;
}

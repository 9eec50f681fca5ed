import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { engineUser } from '../../local/engines/engine-paths';
import { cacheRoot, onPath } from '../../local/setup/layout.mjs';
import { preparePython } from './python';

export type MemberPrograms = { readonly path: string; readonly reason?: undefined } | { readonly reason: string };

/**
 * Patroni as the images have it, and etcd: of this machine, or Debian's packages in the cache folder. Synchronous, so that
 * a test file can decide at load time which tests to skip. @throws Error where one is missing and `CI` is set
 */
export function memberPrograms(env = process.env): MemberPrograms {
  // The engines' account may not enter the folders of root, where its Python can be.
  const python = engineUser() && !env.KOLATE_PYTHON ? { ...env, KOLATE_PYTHON: '/usr/bin/python3' } : env;
  const { python: patroni, reason } = preparePython('images/members/requirements.txt', python);
  if (!patroni) return { reason };
  try {
    return { path: [dirname(patroni.interpreter), dirname(findEtcd(env))].join(':') };
  } catch (error) {
    if (env.CI) throw error;
    return { reason: `no etcd: ${error instanceof Error ? error.message : error}` };
  }
}

function findEtcd(env: NodeJS.ProcessEnv): string {
  const found = onPath('etcd', env);
  if (found) return found;
  const ready = join(cacheRoot(env), 'etcd');
  const program = join(ready, 'usr/bin/etcd');
  if (existsSync(program) && existsSync(`${program}ctl`)) return program;
  mkdirSync(cacheRoot(env), { recursive: true });
  // Made aside and renamed when whole.
  const making = mkdtempSync(`${ready}.`);
  try {
    const options = { cwd: making, stdio: 'pipe', timeout: 120_000 } as const;
    execFileSync('apt-get', ['download', 'etcd-server', 'etcd-client'], options);
    const tree = join(making, 'tree');
    for (const name of readdirSync(making).filter((each) => each.endsWith('.deb'))) {
      execFileSync('dpkg-deb', ['-x', name, tree], options);
    }
    renameSync(tree, ready);
  } catch (error) {
    if (!existsSync(program)) throw error;
  } finally {
    rmSync(making, { recursive: true, force: true });
  }
  return program;
}

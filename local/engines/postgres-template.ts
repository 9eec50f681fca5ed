import { createHash } from 'node:crypto';
import { existsSync, realpathSync, statSync } from 'node:fs';
import { chmod, mkdir, rename, rm } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { withLock } from '../setup/lock.mjs';
import { run } from '../setup/run.mjs';
import type { EnginePaths } from './engine';
import { makeOwnDir, writeOwnFile } from './own-files';

export type PostgresFlavour = 'plain' | 'document';
export const adminRole = 'kolate_admin';

type TemplateOptions = {
  readonly bin: string;
  readonly flavour: PostgresFlavour;
  readonly paths: EnginePaths;
  /** Settings of the server that is run once to create the extension. */
  readonly startFlags: readonly string[];
};

/** Raise it when what `build` makes changes. */
const recipe = 2;

/** A cluster prepared once for each build of PostgreSQL: a clone takes a tenth of a second, `initdb` five. */
export async function postgresTemplate(options: TemplateOptions): Promise<string> {
  const { bin, flavour, paths } = options;
  const program = realpathSync(join(bin, 'postgres'));
  const owner = paths.user?.uid ?? process.getuid?.();
  const identity = [program, Math.floor(statSync(program).mtimeMs), recipe, owner].join();
  const key = createHash('sha256').update(identity).digest('hex').slice(0, 12);
  const dir = join(paths.templates, `postgres-${flavour}-${key}`);
  if (existsSync(dir)) return dir;
  await mkdir(paths.templates, { recursive: true, mode: 0o755 });
  return withLock(`${dir}.lock`, async () => {
    if (existsSync(dir)) return dir;
    const part = `${dir}.part`;
    await rm(part, { recursive: true, force: true });
    await build(part, options);
    await rename(part, dir);
    return dir;
  });
}

async function build(dir: string, { bin, flavour, paths, startFlags }: TemplateOptions): Promise<void> {
  await makeOwnDir(dir, paths.user);
  const asOwner = { cwd: dir, timeoutMs: 120_000, ...paths.user };
  const locale = ['--encoding=UTF8', '--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8'];
  const layout = ['--wal-segsize=4', '--no-sync', '--no-instructions', '--auth=scram-sha-256'];
  const password = join(dir, '..', `${flavour}.pw`);
  await writeOwnFile(password, 'changed in every clone\n', paths.user);
  await run(join(bin, 'initdb'), ['-D', dir, '-U', adminRole, `--pwfile=${password}`, ...locale, ...layout], asOwner);
  await rm(password);
  const byPassword = 'host all all 127.0.0.1/32 scram-sha-256\n';
  await writeOwnFile(join(dir, 'pg_hba.conf'), byPassword, paths.user);
  if (flavour === 'document') {
    // For the extension's calls to its own server: the server's account may be any of its roles.
    await writeOwnFile(join(dir, 'pg_hba.conf'), `local all all peer map=server\n${byPassword}`, paths.user);
    await writeOwnFile(join(dir, 'pg_ident.conf'), `server "${accountName(paths.user)}" all\n`, paths.user);
    const input = 'create extension documentdb cascade\n';
    await run(join(bin, 'postgres'), ['--single', '-D', dir, ...startFlags, 'postgres'], { ...asOwner, input });
  }
  await chmod(dir, 0o700);
}

/** Engines run as `nobody` when we are root, else as ourselves. */
const accountName = (user: EnginePaths['user']): string => (user ? 'nobody' : userInfo().username);

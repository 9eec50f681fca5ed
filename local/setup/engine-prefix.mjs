// PostgreSQL 18 with DocumentDB, Valkey and PgBouncer from Debian packages, in a folder of their own with their own C library.
import { cp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { downloadPackages, unpackPackages } from './debian-packages.mjs';
import { run } from './run.mjs';

const executables = ['usr/lib/postgresql/18/bin/*', 'usr/bin/valkey-*', 'usr/sbin/pgbouncer'];
const extensions = ['plpgsql', 'pgcrypto', 'pg_cron', 'vector', 'rum', 'postgis-3', 'pg_documentdb_core'].concat([
  'pg_documentdb',
  'pg_documentdb_extended_rum',
]);
const useless = [
  'usr/share/doc',
  'usr/share/man',
  'usr/share/locale',
  'usr/share/lintian',
  'usr/include',
  'etc',
  'var',
].concat([
  'usr/lib/postgresql/18/lib/bitcode',
  'usr/lib/postgresql/18/lib/pgxs',
  'usr/share/bash-completion',
  'usr/share/bug',
]);

/**
 * Builds the prefix in `work`, to be moved to `home`: interpreter and library paths in the executables name `home`.
 * @param {{ work: string, home: string, libraries: string[], mirrors: string[], lockFile: string, report: (text: string) => void }} options
 */
export async function buildEnginePrefix({ work, home, libraries, mirrors, lockFile, report }) {
  const { debs, versions } = await downloadPackages({ work, mirrors, report });
  await unpackPackages(debs, work, report);
  for (const path of [debs, join(work, 'apt'), ...useless.map((name) => join(work, name))]) {
    await rm(path, { recursive: true, force: true });
  }
  const shared = join(work, 'usr/share/postgresql/18/extension');
  // Debian makes it when the package is configured, which we never do.
  await cp(join(shared, 'postgis-3.control'), join(shared, 'postgis.control'));
  report('linking the executables to their own C library');
  await relink({ work, home, libraries });
  await writeFile(join(work, 'versions.json'), `${JSON.stringify(versions, null, 2)}\n`);
  for (const line of await compareWithLock(lockFile, versions)) report(line);
}

async function relink({ work, home, libraries }) {
  const loader = await findLoader(work);
  const rpath = libraries.map((dir) => join(home, dir)).join(':');
  // Our patchelf and the check below need the new C library as well, and it is not at its final place yet.
  const inWork = ['--library-path', libraries.map((dir) => join(work, dir)).join(':')];
  const patchelf = (args) => run(join(work, loader), [...inWork, join(work, 'usr/bin/patchelf'), ...args]);
  const programs = [];
  for (const pattern of executables) programs.push(...(await expand(work, pattern)));
  await patchelf(['--set-interpreter', join(home, loader), '--force-rpath', '--set-rpath', rpath, ...programs]);
  const folder = join(work, 'usr/lib/postgresql/18/lib');
  const modules = (await readdir(folder)).filter((name) => name.endsWith('.so')).map((name) => join(folder, name));
  // A RUNPATH of the module's own would hide the executable's.
  await patchelf(['--remove-rpath', ...modules]);
  const needed = [...programs, ...extensions.map((name) => join(folder, `${name}.so`))];
  for (const file of needed) await assertResolved(join(work, loader), inWork, file);
}

async function findLoader(work) {
  for (const dir of ['usr/lib64', 'usr/lib']) {
    const names = await readdir(join(work, dir)).catch(() => []);
    const name = names.find((candidate) => /^ld-linux-.*\.so\.\d+$/.test(candidate));
    if (name) return join(dir, name);
  }
  throw new Error('the packages hold no dynamic loader');
}

/** Scripts stay as they are, and need nothing. */
async function expand(work, pattern) {
  const dir = join(work, pattern, '..');
  const start = pattern.split('/').pop().replace('*', '');
  const files = [];
  for (const entry of await readdir(dir, { withFileTypes: true })) {
    if (!entry.isFile() || !entry.name.startsWith(start)) continue;
    const head = (await readFile(join(dir, entry.name))).subarray(0, 4).toString('latin1');
    if (head === '\x7fELF') files.push(join(dir, entry.name));
  }
  return files;
}

async function assertResolved(loader, inWork, file) {
  const listing = await run(loader, [...inWork, '--list', file]);
  const missing = listing.split('\n').filter((line) => line.includes('not found'));
  if (missing.length > 0) throw new Error(`${file} lacks libraries: ${missing.map((line) => line.trim()).join(', ')}`);
}

/**
 * The suite moves until it is released, so what is found may be newer than what the lock file says was tried.
 * @param {string} lockFile
 * @param {Record<string, string>} versions
 */
export async function compareWithLock(lockFile, versions) {
  const locked = JSON.parse(await readFile(lockFile, 'utf8').catch(() => '{}')).packages ?? {};
  const names = [...new Set([...Object.keys(locked), ...Object.keys(versions)])].sort();
  const changed = names.filter((name) => sourceVersion(locked[name]) !== sourceVersion(versions[name]));
  if (changed.length === 0) return [];
  const shown = changed.sort((a, b) => rank(a) - rank(b)).slice(0, 3);
  const list = shown.map((name) => `${name} ${locked[name] ?? 'none'} → ${versions[name] ?? 'none'}`).join(', ');
  const more = changed.length > shown.length ? ` and ${changed.length - shown.length} more` : '';
  return [`versions differ from engines.lock.json: ${list}${more}`];
}

/** Without the count of rebuilds, which differs between architectures. */
const sourceVersion = (version) => version?.replace(/\+b\d+$/, '');
const rank = (name) => (/^(postgresql|valkey|pgbouncer)/.test(name) ? 0 : 1);

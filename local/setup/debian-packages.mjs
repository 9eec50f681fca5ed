// A private apt: its own lists, an empty status, no host package is looked at or changed. Signatures stay verified.
import { existsSync } from 'node:fs';
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from './run.mjs';

export const keyring = '/usr/share/keyrings/debian-archive-keyring.gpg';
const suite = 'forky';

const wanted = [
  ...['postgresql-18', 'postgresql-client-18', 'postgresql-18-documentdb', 'postgresql-18-cron', 'postgresql-18-rum'],
  ...['postgresql-18-pgvector', 'postgresql-18-postgis-3', 'postgresql-18-postgis-3-scripts', 'proj-data'],
  ...['valkey-server', 'valkey-tools', 'pgbouncer', 'patchelf'],
];

/** In the closure for scripts, raster images or a running system; the check of the libraries shows when one is needed after all. */
const notAtRunTime = [
  /^(?!lib|postgresql|valkey|pgbouncer|patchelf|proj-data)/,
  /^postgresql(-client)?-common$/,
  /perl|systemd-shared|^libc-(bin|l10n|gconv)|debconf|^libpam-modules|^libdb5|^libsemanage|^libsepol|^libgpg|^libnpth|^libassuan/,
  /gdal|poppler|hdf|netcdf|spatialite|xerces|mariadb|armadillo|arpack|superlu|lapack|blas|gfortran|gomp|freexl|kml|geotiff/,
  /aom|dav1d|gav1|rav1e|svtav1|avif|heif|jxl|libyuv|de265|openjp|gif7|lcms|hwy|blosc|cfitsio|fyba|minizip|qhull|rttopo/,
  /nss3|nspr|font|freetype|png16|odbc|ltdl|archive|muparser|sfcgal|boost|mpfr|gmpxx|libsz|libaec|libabsl|ncursesw|libproc2/,
];
export const isNeeded = (name) => !notAtRunTime.some((pattern) => pattern.test(name));

/**
 * Downloads what the engines need into `work` and answers the versions by name.
 * @param {{ work: string, mirrors: string[], report: (text: string) => void }} options
 */
export async function downloadPackages({ work, mirrors, report }) {
  if (!existsSync(keyring)) throw new Error(`${keyring} is missing: apt-get install debian-archive-keyring`);
  if (mirrors.length === 0) throw new Error('no Debian mirror in /etc/apt: name one in KOLATE_DEBIAN_MIRROR');
  const apt = await openApt(work, mirrors, report);
  const plan = await apt('apt-get', ['-s', 'install', ...wanted]);
  const versions = Object.fromEntries(
    [...plan.matchAll(/^Inst (\S+) \((\S+)/gm)].filter(([, name]) => isNeeded(name)).map(([, name, v]) => [name, v]),
  );
  const debs = join(work, 'debs');
  await mkdir(debs);
  report(`downloading ${Object.keys(versions).length} packages`);
  await apt('apt-get', ['download', ...Object.entries(versions).map(([name, version]) => `${name}=${version}`)], debs);
  return { debs, versions };
}

async function openApt(work, mirrors, report) {
  const state = join(work, 'apt');
  await mkdir(join(state, 'lists/partial'), { recursive: true });
  await mkdir(join(state, 'cache/archives/partial'), { recursive: true });
  const config = join(state, 'apt.conf');
  const apt = (command, args, cwd = state) => run(command, args, { cwd, env: { APT_CONFIG: config } });
  const failures = [];
  for (const mirror of mirrors) {
    report(`reading the index of ${suite}`);
    for (const checkValidity of [true, false]) {
      await writeFile(config, settings(state, checkValidity));
      await writeFile(join(state, 'sources.list'), `deb [signed-by=${keyring}] ${mirror} ${suite} main\n`);
      try {
        await apt('apt-get', ['update', '--error-on=any']);
        if (!checkValidity) report('the mirror’s index is past its Valid-Until; its signature is good');
        return apt;
      } catch (error) {
        failures.push(error.message);
        if (!/expired|not valid/i.test(error.message)) break;
      }
    }
    await rm(join(state, 'lists'), { recursive: true, force: true });
    await mkdir(join(state, 'lists/partial'), { recursive: true });
  }
  throw new Error(`no mirror serves ${suite}:\n${failures.join('\n')}`);
}

function settings(state, checkValidity) {
  const values = {
    'Dir::State': state,
    'Dir::State::lists': join(state, 'lists'),
    'Dir::State::status': '/dev/null',
    'Dir::Cache': join(state, 'cache'),
    'Dir::Etc::SourceList': join(state, 'sources.list'),
    'Dir::Etc::SourceParts': '/dev/null',
    'Dir::Etc::Preferences': '/dev/null',
    'Dir::Etc::PreferencesParts': '/dev/null',
    'APT::Sandbox::User': '',
    'APT::Install-Recommends': 'false',
    'Acquire::Languages': 'none',
    'Acquire::Retries': '3',
    // Descriptions for graphical package managers, a third of the index.
    'Acquire::IndexTargets::deb::DEP-11::DefaultEnabled': 'false',
    ...(checkValidity ? {} : { 'Acquire::Check-Valid-Until': 'false' }),
  };
  return Object.entries(values)
    .map(([name, value]) => `${name} "${value}";\n`)
    .join('');
}

/** @param {string} debs @param {string} root @param {(text: string) => void} report */
export async function unpackPackages(debs, root, report) {
  const files = (await readdir(debs)).filter((name) => name.endsWith('.deb'));
  report(`unpacking ${files.length} packages`);
  const unpackNext = async () => {
    for (let file = files.pop(); file !== undefined; file = files.pop()) {
      await run('dpkg-deb', ['-x', join(debs, file), root]);
    }
  };
  await Promise.all([unpackNext(), unpackNext(), unpackNext()]);
}

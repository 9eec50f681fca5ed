// What this machine lacks, found before anything is started: a line for each, saying who needs it and how to get it.
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { debianMirrors } from './debian-mirror.mjs';
import { keyring } from './debian-packages.mjs';
import { onPath } from './layout.mjs';
import { isNodeRecent } from './node.mjs';

const container = 'or work in the development container (.devcontainer/, Dockerfile)';

/**
 * As root the engines run as `nobody`, who has to be able to enter the cache.
 * @param {string} cacheRoot
 * @returns {string[]}
 */
export function findClosedFolder(cacheRoot, uid = process.getuid?.()) {
  if (uid !== 0) return [];
  for (let dir = cacheRoot; ; dir = dirname(dir)) {
    const mode = statSync(dir, { throwIfNoEntry: false })?.mode;
    if (mode !== undefined && (mode & 0o001) === 0) {
      return [
        `KOLATE_CACHE lies in ${dir}, which engines cannot enter, since root's run as nobody: name another folder, or none`,
      ];
    }
    if (dir === dirname(dir)) return [];
  }
}

/**
 * @param {{ parts: readonly import('./install-engines.mjs').Part[], needsJava: boolean, java: string, needsNpm: boolean, env?: Record<string, string | undefined> }} need
 * @returns {string[]}
 */
export function findMissing({ parts, needsJava, java, needsNpm, env = process.env }) {
  const lines = [];
  const supported = process.platform === 'linux' && ['x64', 'arm64'].includes(process.arch);
  if (!supported && (parts.length > 0 || !isNodeRecent())) {
    return [
      `Kolate's engines run on Linux (x64, arm64) and this is ${process.platform} ${process.arch}: ${container.slice(3)}`,
    ];
  }
  if (needsNpm && !onPath('npm', env))
    lines.push('npm is missing, which fetches the packages: it comes with Node (apt-get install npm)');
  if (parts.includes('prefix')) lines.push(...missingForPrefix(env));
  if (needsJava) lines.push(...missingJava(java));
  if (parts.includes('kafka') && !onPath('mvn', env)) {
    lines.push(
      'mvn is missing, which fetches Kafka: apt-get install maven, or set KOLATE_KAFKA_BROKERS to a Kafka of yours',
    );
  }
  const compiled = parts.filter((part) => part === 'ferretdb' || part === 'versitygw');
  if (compiled.length > 0) lines.push(...missingGo(compiled, env));
  return lines;
}

function missingForPrefix(env) {
  const lines = [];
  const instead = `or put PostgreSQL 18 with DocumentDB and valkey-server on PATH, ${container}`;
  for (const tool of ['apt-get', 'dpkg-deb']) {
    if (!onPath(tool, env))
      lines.push(
        `${tool} is missing, which fetches PostgreSQL, DocumentDB and Valkey: use Debian or Ubuntu, ${instead}`,
      );
  }
  if (lines.length > 0) return lines.slice(0, 1);
  if (!existsSync(keyring)) {
    lines.push(
      `${keyring} is missing, which PostgreSQL's and Valkey's packages are verified with: apt-get install debian-archive-keyring`,
    );
  }
  if (debianMirrors(env).length === 0) {
    lines.push(
      `no Debian mirror in /etc/apt, where PostgreSQL, DocumentDB and Valkey come from: name one in KOLATE_DEBIAN_MIRROR, ${instead}`,
    );
  }
  return lines;
}

function missingJava(java) {
  const how = 'apt-get install default-jre-headless, or set JAVA_HOME, or set KOLATE_KAFKA_BROKERS to a Kafka of yours';
  const version = javaVersion(java);
  if (version === undefined) return [`java is missing, which Kafka runs on: ${how}`];
  return version >= 17 ? [] : [`java is ${version} and Kafka runs on 17 or later: ${how}`];
}

/**
 * The major version, from the file that lies beside each Java: to ask the program itself takes a tenth of a second.
 * @param {string} java
 */
export function javaVersion(java) {
  try {
    const release = readFileSync(join(realpathSync(java), '../../release'), 'utf8');
    return Number(release.match(/^JAVA_VERSION="(?:1\.)?(\d+)/m)?.[1]);
  } catch {
    return askJava(java);
  }
}

function askJava(java) {
  try {
    const text = execFileSync(java, ['--version'], {
      encoding: 'utf8',
      timeout: 10_000,
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    return Number(text.match(/\s(\d+)/)?.[1]);
  } catch {
    return undefined;
  }
}

function missingGo(parts, env) {
  const who = parts
    .map((part) => ({ ferretdb: 'FerretDB (the document store)', versitygw: 'versitygw (S3)' })[part])
    .join(' and ');
  const how = 'apt-get install golang-go from a recent suite, or Go from its own site, ';
  const variables = parts.map((part) => ({ ferretdb: 'KOLATE_MONGODB_URL', versitygw: 'KOLATE_S3_ENDPOINT' })[part]);
  const instead = `${how}or set ${variables.join(' and ')}`;
  const go = onPath('go', env);
  if (!go) return [`go is missing, which compiles ${who}: ${instead}`];
  const version = execFileSync(go, ['env', 'GOVERSION'], { encoding: 'utf8', timeout: 10_000 }).trim();
  const [, major, minor] = version.match(/go(\d+)\.(\d+)/) ?? [];
  // From 1.21 on Go fetches the newer Go that a program asks for.
  return Number(major) > 1 || Number(minor) >= 21
    ? []
    : [`${version} is too old to compile ${who} (1.21 or later): ${instead}`];
}

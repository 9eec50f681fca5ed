// For each engine: one of the user's own by an environment variable, else a fitting one on PATH, else ours from the cache.
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { cacheLayout, cacheRoot, onPath, versions } from './layout.mjs';

/** @typedef {Record<string, string | undefined>} Env */
/** @typedef {'postgres' | 'document' | 'valkey' | 'kafka' | 's3'} EngineName */
/**
 * `path` is the folder of PostgreSQL's programs, the folder of Kafka's jars, or the program itself.
 * @typedef {{ engine: EngineName, source: 'environment' | 'path' | 'cache', why: string, url?: string, path?: string }} Resolution
 */

/** Each engine's variable: where it holds the address of an engine, that one is used and none is started. */
export const variables = {
  postgres: 'KOLATE_POSTGRES_URL',
  document: 'KOLATE_MONGODB_URL',
  valkey: 'KOLATE_REDIS_URL',
  kafka: 'KOLATE_KAFKA_BROKERS',
  s3: 'KOLATE_S3_ENDPOINT',
};

/**
 * Without asking anything over the wire. DocumentDB's two parts are resolved apart: `document` is FerretDB, and its
 * PostgreSQL is `postgresBin` of `documentPostgres`, which has to have the extension.
 * @param {Env} env
 */
export function resolveLocally(env = process.env) {
  const layout = cacheLayout(cacheRoot(env));
  const found = {
    postgres: onPathOr(layout.postgresBin, postgresOnPath(env, false), 'postgres', env),
    document: onPathOr(
      layout.ferretdb,
      programOnPath('ferretdb', /v?2\.[7-9]\d*\./, '2.7 or later', env),
      'document',
      env,
    ),
    valkey: onPathOr(layout.valkeyServer, valkeyOnPath(env), 'valkey', env),
    kafka: onPathOr(layout.kafkaLib, kafkaOnPath(env), 'kafka', env),
    s3: onPathOr(layout.versitygw, programOnPath('versitygw', /v?1\.[7-9]\d*\./, '1.7 or later', env), 's3', env),
  };
  const documentPostgres = postgresOnPath(env, true);
  return {
    layout,
    engines: found,
    documentPostgres: (documentPostgres?.fits && documentPostgres.path) || layout.postgresBin,
    java: env.JAVA_HOME ? join(env.JAVA_HOME, 'bin/java') : (onPath('java', env) ?? 'java'),
  };
}

/** @returns {Resolution} */
function onPathOr(cached, candidate, engine, env) {
  const url = env[variables[engine]];
  if (url) return { engine, source: 'environment', why: `${variables[engine]} is set`, url };
  if (candidate?.fits) return { engine, source: 'path', why: candidate.why, path: candidate.path };
  const why = candidate ? `ours, since ${candidate.why}` : 'ours, since none is on PATH';
  return { engine, source: 'cache', why, path: cached };
}

function postgresOnPath(env, withDocuments) {
  const program = onPath('postgres', env);
  if (!program) return undefined;
  const version = versionOf(program);
  if (!/ 18(\.|$|\D)/.test(version))
    return { fits: false, why: `${program} is ${version || 'of unknown version'}, not 18` };
  if (!withDocuments) return { fits: true, path: dirname(program), why: `${program} is ${version}` };
  const share = output(join(dirname(program), 'pg_config'), ['--sharedir']);
  const fits = existsSync(join(share, 'extension/documentdb.control'));
  return { fits, path: dirname(program), why: `${program} has ${fits ? '' : 'no '}extension documentdb` };
}

function valkeyOnPath(env) {
  const valkey = programOnPath('valkey-server', /v=([89]|\d\d)\./, '8 or later', env);
  if (valkey?.fits) return valkey;
  return programOnPath('redis-server', /v=([789]|\d\d)\./, '7 or later', env) ?? valkey;
}

function kafkaOnPath(env) {
  const script = onPath('kafka-server-start.sh', env);
  if (!script) return undefined;
  const libs = join(dirname(script), '..', 'libs');
  const fits = existsSync(join(libs, `kafka_${versions.scala}-${versions.kafka}.jar`));
  return { fits, path: libs, why: `${script} is ${fits ? '' : 'not '}Kafka ${versions.kafka}` };
}

function programOnPath(name, pattern, wanted, env) {
  const program = onPath(name, env);
  if (!program) return undefined;
  const version = versionOf(program);
  const fits = pattern.test(version);
  return { fits, path: program, why: fits ? `${program} is ${version}` : `${program} is not ${wanted}` };
}

const versionOf = (program) => output(program, ['--version']).split('\n')[0] ?? '';

function output(program, args) {
  try {
    return execFileSync(program, args, {
      encoding: 'utf8',
      timeout: 5_000,
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim();
  } catch {
    return '';
  }
}

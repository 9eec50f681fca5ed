import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { debianMirrors } from './debian-mirror.mjs';
import { buildEnginePrefix } from './engine-prefix.mjs';
import { installGoTool } from './go-tools.mjs';
import { installOnce } from './install-once.mjs';
import { installKafka } from './kafka.mjs';
import { versions } from './layout.mjs';

/** @typedef {ReturnType<typeof import('./resolve.mjs').resolveLocally>} Resolved */
/** @typedef {'prefix' | 'kafka' | 'ferretdb' | 'versitygw'} Part */

/**
 * The parts that have to come from the cache and are not there yet.
 * @param {Resolved} resolved
 * @returns {Part[]}
 */
export function missingParts({ engines, documentPostgres, layout }) {
  const ours = (engine) => engines[engine].source === 'cache';
  const ownDocumentPostgres = engines.document.source !== 'environment' && documentPostgres === layout.postgresBin;
  const needed = {
    prefix: ours('postgres') || ours('valkey') || ownDocumentPostgres,
    kafka: ours('kafka'),
    ferretdb: ours('document'),
    versitygw: ours('s3'),
  };
  return Object.keys(folders(layout)).filter((part) => needed[part] && !existsSync(folders(layout)[part]));
}

/**
 * Installs the parts side by side. Fails as soon as one does; what has been installed stays.
 * @param {Resolved} resolved
 * @param {Part[]} parts
 * @param {{ progress: ReturnType<typeof import('./progress.mjs').createProgress>, lockFile: string }} options
 */
export async function installEngines({ layout }, parts, { progress, lockFile }) {
  if (parts.length === 0) return;
  // Others than the one who installs have to be able to read it: as root the engines run as another user.
  const umask = process.umask(0o022);
  const install = {
    prefix: (work, report) =>
      buildEnginePrefix({
        ...{ work, home: layout.prefix, libraries: layout.prefixLibraries, mirrors: debianMirrors(), lockFile, report },
      }),
    kafka: installKafka,
    ferretdb: (work, report) =>
      installGoTool(`github.com/FerretDB/FerretDB/v2/cmd/ferretdb@v${versions.ferretdb}`, work, report),
    versitygw: (work, report) =>
      installGoTool(`github.com/versity/versitygw/cmd/versitygw@v${versions.versitygw}`, work, report),
  };
  try {
    await Promise.all(parts.map((part) => installOnce(folders(layout)[part], titles[part], progress, install[part])));
  } finally {
    process.umask(umask);
  }
}

const titles = {
  prefix: 'PostgreSQL, DocumentDB and Valkey',
  kafka: 'Kafka',
  ferretdb: 'FerretDB',
  versitygw: 'S3 (versitygw)',
};

const folders = (layout) => ({
  prefix: layout.prefix,
  kafka: layout.kafkaLib,
  ferretdb: dirname(layout.ferretdb),
  versitygw: dirname(layout.versitygw),
});

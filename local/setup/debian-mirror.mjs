// The mirror comes from the host's own apt sources; no host name stands in this repository.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Debian mirrors that this host knows, the active ones before those in comments. KOLATE_DEBIAN_MIRROR goes before them
 * all, and is the way on a host that is not Debian.
 * @param {Record<string, string | undefined>} env
 * @returns {string[]}
 */
export function debianMirrors(env = process.env, etc = '/etc/apt') {
  if (env.KOLATE_DEBIAN_MIRROR) return [env.KOLATE_DEBIAN_MIRROR.replace(/\/+$/, '')];
  const texts = [read(join(etc, 'sources.list')), ...readAll(join(etc, 'sources.list.d'))];
  return mirrorsIn(texts.join('\n'));
}

/** @param {string} sources the text of sources.list and of deb822 files */
export function mirrorsIn(sources) {
  const active = [];
  const commented = [];
  for (const line of sources.split('\n')) {
    const isSource = /^\s*#?\s*(URIs:|deb\s|https?:)/.test(line);
    if (!isSource) continue;
    const found = line.match(/https?:\/\/\S*\/debian(?:\/\d+T\d+Z)?\/?(?=\s|$)/g) ?? [];
    (line.trimStart().startsWith('#') ? commented : active).push(...found.map((uri) => uri.replace(/\/+$/, '')));
  }
  return [...new Set([...active, ...commented])];
}

function read(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

function readAll(dir) {
  try {
    return readdirSync(dir)
      .filter((name) => /\.(list|sources)$/.test(name))
      .map((name) => read(join(dir, name)));
  } catch {
    return [];
  }
}

import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { missingParts } from '../../../local/setup/install-engines.mjs';
import { findClosedFolder, findMissing, javaVersion } from '../../../local/setup/preflight.mjs';
import { resolveLocally } from '../../../local/setup/resolve.mjs';
import { scratchFolder } from '../../helpers/scratch-folder';

function folder(programs: Record<string, string>): string {
  const dir = scratchFolder('path');
  for (const [name, says] of Object.entries(programs)) {
    writeFileSync(join(dir, name), `#!/bin/sh\necho '${says}'\n`);
    chmodSync(join(dir, name), 0o755);
  }
  return dir;
}

const nothing = { KOLATE_CACHE: '/nowhere', PATH: folder({}) };

describe('what is missing', () => {
  it('is one line for each tool that a part needs, saying which part and how to get it', () => {
    const lines = findMissing({
      ...{
        parts: ['prefix', 'kafka', 'ferretdb', 'versitygw'],
        needsJava: true,
        java: '/nowhere/java',
        needsNpm: true,
      },
      env: nothing,
    });
    expect(lines).toEqual([
      expect.stringMatching(/^npm is missing, .*npm/),
      expect.stringMatching(/^apt-get is missing, which fetches PostgreSQL.*(PATH|container)/),
      expect.stringMatching(/^java is missing, which Kafka runs on: .*KOLATE_KAFKA_BROKERS/),
      expect.stringMatching(/^mvn is missing, which fetches Kafka: apt-get install maven/),
      expect.stringMatching(/^go is missing, which compiles FerretDB .* and versitygw/),
    ]);
  });

  it('is nothing when all is cached or provided', () => {
    expect(findMissing({ parts: [], needsJava: false, java: '/nowhere/java', needsNpm: false, env: nothing })).toEqual(
      [],
    );
  });

  it('is a tool that is there, but too old', () => {
    const java = join(folder({ java: 'openjdk 11.0.2 2019-01-15' }), 'java');
    const lines = findMissing({ parts: [], needsJava: true, java, needsNpm: false, env: nothing });
    expect(lines).toEqual([expect.stringMatching(/^java is 11 and Kafka runs on 17 or later/)]);
  });
});

it('tells root of a cache that engines could not enter', () => {
  const closed = folder({});
  chmodSync(closed, 0o700);
  const cache = join(closed, 'not/yet/there');
  expect(findClosedFolder(cache, 0)).toEqual([
    expect.stringMatching(/^KOLATE_CACHE lies in .*, which engines cannot enter/),
  ]);
  expect(findClosedFolder(cache, 1000)).toEqual([]);
  chmodSync(closed, 0o711);
  expect(findClosedFolder(cache, 0)).toEqual([]);
});

it('reads the version of a Java from the file beside it, through links', () => {
  const home = scratchFolder('java');
  mkdirSync(join(home, 'bin'));
  writeFileSync(join(home, 'bin/java'), '');
  writeFileSync(join(home, 'release'), 'IMPLEMENTOR="x"\nJAVA_VERSION="21.0.4"\n');
  symlinkSync(join(home, 'bin/java'), join(home, 'link'));
  expect(javaVersion(join(home, 'link'))).toBe(21);
});

describe('an engine', () => {
  const withPath = (programs: Record<string, string>) => ({ ...nothing, PATH: folder(programs) });

  it('is taken from PATH when its version will do, and its part is not installed', () => {
    const found = resolveLocally(
      withPath({ 'valkey-server': 'Valkey server v=8.1.3 sha=0', versitygw: 'Version : v1.7.0' }),
    );
    expect(found.engines.valkey).toMatchObject({ source: 'path', why: expect.stringContaining('v=8.1.3') });
    expect(missingParts(found)).toEqual(['prefix', 'kafka', 'ferretdb']);
  });

  it('is ours when the one on PATH is too old, and says so', () => {
    const { engines } = resolveLocally(
      withPath({ postgres: 'postgres (PostgreSQL) 15.18', 'redis-server': 'Redis server v=6.0.16 ' }),
    );
    expect(engines.postgres).toMatchObject({ source: 'cache', why: expect.stringMatching(/15\.18, not 18/) });
    expect(engines.valkey).toMatchObject({ source: 'cache', why: expect.stringContaining('not 7 or later') });
  });

  it('is the user’s own when the environment gives its address, and then nothing is installed for it', () => {
    const own = {
      ...{ KOLATE_POSTGRES_URL: 'postgresql://h/db', KOLATE_MONGODB_URL: 'mongodb://h', KOLATE_REDIS_URL: 'redis://h' },
      ...{ KOLATE_KAFKA_BROKERS: 'h:9092', KOLATE_S3_ENDPOINT: 'http://h' },
    };
    const found = resolveLocally({ ...nothing, ...own });
    expect(found.engines.postgres).toMatchObject({ source: 'environment', url: 'postgresql://h/db' });
    expect(missingParts(found)).toEqual([]);
  });

  it('of documents needs the extension in the PostgreSQL on PATH', () => {
    const path = folder({ postgres: 'postgres (PostgreSQL) 18.1', pg_config: '/nowhere/share' });
    const found = resolveLocally({ ...nothing, PATH: path });
    expect(found.engines.postgres.source).toBe('path');
    expect(found.documentPostgres).toBe(found.layout.postgresBin);
    expect(missingParts(found)).toContain('prefix');
  });
});

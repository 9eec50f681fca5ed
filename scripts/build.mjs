// Bundles every entry point into dist/<same path>.js. Types are not checked here; `npm run check` does that.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { bundleHandlers } from './bundle-handlers.mjs';
import { bundleImages } from './bundle-images.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const sources = ['bench', 'bin', 'cli', 'lib', 'local', 'scripts', 'src'];

/** Each is a process of its own, a worker thread of one, or a script. */
const entryPoints = [
  /^src\/services\/[^/]+\/([^/]+-)?main\.ts$/,
  /^src\/services\/predict\/inference\/(model-process|watchdog-thread)\.ts$/,
  /^local\/[^/]+\/main\.ts$/,
  /^cli\/main\.ts$/,
  /^(bench|bin|scripts)\/[^/]+\.ts$/,
];

/** Brings dist/ up to date, the images' folders excepted; answers false when it was. */
export function build() {
  return unlessDone('dist/.stamp', filesBelow(sources), async () => {
    const entries = filesBelow(sources).filter((file) => entryPoints.some((pattern) => pattern.test(file)));
    await Promise.all([bundle(entries), bundleHandlers(root)]);
  });
}

/** Brings dist/images/ up to date, which only what deploys needs; answers false when it was. */
export function buildImages() {
  const files = filesBelow(['images', 'migrations', 'scripts', 'src'], /./);
  return unlessDone('dist/.images-stamp', files, () => bundleImages(root));
}

/** Does it when one of `files` or a package has changed since it was done last. */
async function unlessDone(stampPath, files, act) {
  const stat = [...files, 'package-lock.json'].map((file) => {
    const { mtimeMs, size } = statSync(join(root, file));
    return `${file} ${mtimeMs} ${size}`;
  });
  const stamp = createHash('sha256').update(stat.join('\n')).digest('hex');
  const stampFile = join(root, stampPath);
  if (existsSync(stampFile) && readFileSync(stampFile, 'utf8') === stamp) return false;
  await act();
  mkdirSync(dirname(stampFile), { recursive: true });
  writeFileSync(stampFile, stamp);
  return true;
}

async function bundle(entries) {
  const esbuild = await import('esbuild');
  const { outputFiles } = await esbuild.build({
    absWorkingDir: root,
    entryPoints: entries,
    outbase: '.',
    outdir: 'dist',
    bundle: true,
    packages: 'external',
    platform: 'node',
    format: 'cjs',
    target: 'node24',
    sourcemap: 'linked',
    logLevel: 'warning',
    write: false,
  });
  // A process that runs from dist/ may read it at any moment: a file only changes as a whole, and is never missing.
  for (const { path, contents } of outputFiles) {
    if (existsSync(path) && readFileSync(path).equals(contents)) continue;
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(`${path}.${process.pid}`, contents);
    renameSync(`${path}.${process.pid}`, path);
  }
  removeStale(new Set(outputFiles.map(({ path }) => relative(root, path))));
}

/** Of entry points that are there no longer. What others wrote into dist/ stays. */
function removeStale(current) {
  for (const file of filesBelow(
    sources.map((dir) => join('dist', dir)),
    /\.js(\.map)?$/,
  )) {
    if (!current.has(file)) rmSync(join(root, file));
  }
}

function filesBelow(dirs, pattern = /\.(ts|mjs|json)$/) {
  return dirs.flatMap((dir) => {
    if (!existsSync(join(root, dir))) return [];
    return readdirSync(join(root, dir), { withFileTypes: true }).flatMap((entry) => {
      const path = join(dir, entry.name);
      if (entry.isDirectory()) return filesBelow([path], pattern);
      return pattern.test(entry.name) ? [path] : [];
    });
  });
}

const usage = `npm run build
Bundles every entry point into dist/, and what goes into each image into dist/images/; does nothing where no source has
changed. npm start, npm test and the scripts of npm run do it by themselves.
Example: npm run build`;

/** @param {string[]} args @returns {Promise<number>} the exit code */
async function main(args) {
  if (args.includes('--help')) {
    console.log(usage);
    return 0;
  }
  if (args.length > 0) {
    console.error(`${args[0]} is no argument of this; expected: npm run build`);
    return 2;
  }
  await Promise.all([build(), buildImages()]);
  return 0;
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  process.exitCode = await main(process.argv.slice(2));
}

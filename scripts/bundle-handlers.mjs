// Bundles every handler of src/handlers into dist/lambda/<name>/index.js: one file with all it needs, which the CDK
// takes as it is. Made by the build and not at synthesis, so that synthesis is fast and what is tested is deployed.
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** Optional parts of drivers, which they look for at run time and do without. */
const absent = [
  ...['pg-native', 'cloudflare:sockets'],
  ...[
    '@aws-sdk/credential-providers',
    'kerberos',
    'snappy',
    'socks',
    'aws4',
    'gcp-metadata',
    '@mongodb-js/zstd',
    'mongodb-client-encryption',
  ],
];

/** Clients that Lambda's runtime brings: for handlers whose drivers are heavy, and whose start nobody waits for. */
const fromRuntime = {
  'rotate-client-secret': ['@aws-sdk/client-secrets-manager', '@aws-sdk/client-cognito-identity-provider'],
  'rotate-cursor-keys': ['@aws-sdk/client-secrets-manager'],
  'rotate-secret': ['@aws-sdk/client-secrets-manager'],
  'rotate-tenant-stores': ['@aws-sdk/client-secrets-manager', '@aws-sdk/client-cloudformation'],
  'stack-events': ['@aws-sdk/client-kafka'],
  'main-job': ['@aws-sdk/*'],
};

/** @param root folder of the repository; @returns the files written, by handler */
export async function bundleHandlers(root) {
  const sources = join(root, 'src/handlers');
  const names = readdirSync(sources).filter((name) => existsSync(join(sources, name, 'index.ts')));
  const esbuild = await import('esbuild');
  const bundles = await Promise.all(names.map((name) => esbuild.build(optionsFor(root, name))));
  const outputFiles = bundles.flatMap((bundle) => bundle.outputFiles);
  for (const { path, contents } of outputFiles) write(path, contents);
  for (const folder of existing(join(root, 'dist/lambda'))) {
    if (!names.includes(folder)) rmSync(join(root, 'dist/lambda', folder), { recursive: true });
  }
  return outputFiles.map(({ path }) => path);
}

const optionsFor = (root, name) => ({
  absWorkingDir: root,
  entryPoints: [`src/handlers/${name}/index.ts`],
  outfile: `dist/lambda/${name}/index.js`,
  bundle: true,
  platform: 'node',
  format: 'cjs',
  target: 'node24',
  mainFields: ['module', 'main'],
  conditions: ['module'],
  external: [...absent, ...(fromRuntime[name] ?? [])],
  // The driver of MongoDB brings tables of Unicode for host names in URLs, which Node has itself.
  alias: { 'whatwg-url': 'node:url' },
  // Names of functions and classes stay, so that a stack trace in a log says where and an error says which.
  minify: true,
  keepNames: true,
  legalComments: 'none',
  loader: { '.onnx': 'binary' },
  logLevel: 'warning',
  write: false,
});

const existing = (folder) => (existsSync(folder) ? readdirSync(folder) : []);

/** Whole or not at all, and untouched when it is the same. */
function write(path, contents) {
  if (existsSync(path) && readFileSync(path).equals(contents)) return;
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(`${path}.${process.pid}`, contents);
  renameSync(`${path}.${process.pid}`, path);
}

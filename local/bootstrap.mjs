// npm start, npm stop, npm test and npm run …: gets what is missing, then runs the real program on Node 24.
// Plain JavaScript without a dependency, since neither a recent Node nor node_modules may be there yet.
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { areDependenciesThere, ensureDependencies } from './setup/dependencies.mjs';
import { installEngines, missingParts } from './setup/install-engines.mjs';
import { ensureNode, isNodeRecent, withNode } from './setup/node.mjs';
import { passThrough } from './setup/pass-through.mjs';
import { findTakenPort } from './setup/port-check.mjs';
import { findClosedFolder, findMissing } from './setup/preflight.mjs';
import { createProgress } from './setup/progress.mjs';
import { resolveLocally } from './setup/resolve.mjs';
import { runTests } from './setup/test-run.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const usage =
  'node local/bootstrap.mjs start [flags] | stop [flags] | test [project …] [jest flags] | run SCRIPT [arguments]\n';

async function main([mode = '', ...args]) {
  if (!['start', 'stop', 'test', 'run'].includes(mode) || (mode === 'run' && args.length === 0)) {
    process.stderr.write(usage);
    return 2;
  }
  if (mode === 'stop' && !areDependenciesThere(root)) {
    process.stdout.write('nothing runs: nothing has been started from this clone yet\n');
    return 0;
  }
  const resolved = resolveLocally();
  const withEngines = needsEngines(mode, args);
  const parts = withEngines ? missingParts(resolved) : [];
  const needsJava = withEngines && resolved.engines.kafka.source !== 'environment';
  const isInstalled = areDependenciesThere(root);
  const needsNpm = !isNodeRecent() || !isInstalled;
  const missing = [
    ...findMissing({ parts, needsJava, java: resolved.java, needsNpm }),
    ...(withEngines ? findClosedFolder(resolved.layout.root) : []),
    ...(mode === 'start' && (parts.length > 0 || !isInstalled) ? await findTakenPort(args, { root }) : []),
  ];
  if (missing.length > 0) {
    process.stderr.write(`Before Kolate can be set up here:\n${missing.map((line) => `  - ${line}\n`).join('')}`);
    return 1;
  }
  const progress = createProgress();
  const node = await setUp(resolved, parts, progress, needsImages(mode, args));
  const env = withNode(node);
  if (mode === 'test') return runTests({ root, node, env, args, progress });
  const [program, rest] = mode === 'run' ? [programOf(args[0]), args.slice(1)] : [supervisor, [mode, ...args]];
  if (!existsSync(join(root, program))) throw new Error(`${program} is not there`);
  return passThrough(node, [...nodeFlags, program, ...rest], { cwd: root, env });
}

const nodeFlags = ['--enable-source-maps'];
const supervisor = 'dist/local/supervisor/main.js';
/** `app` is the CDK's, as cdk.json starts it. */
const programOf = (script) => (script === 'app' ? 'dist/bin/kolate.js' : `dist/scripts/${script}.js`);

/** Tests of these two projects, and scripts other than benchmarks, touch no engine. */
function needsEngines(mode, args) {
  if (mode === 'stop' || args.includes('--help')) return false;
  if (mode === 'run') return args[0] === 'bench';
  const named = args.filter((arg) => ['unit', 'infra', 'integration', 'e2e'].includes(arg));
  return mode === 'start' || named.length === 0 || named.some((name) => name === 'integration' || name === 'e2e');
}

/** What looks at the stacks synthesizes them, with the folders that images are made of. */
const needsImages = (mode, args) =>
  mode === 'test' || (mode === 'run' && args[0] !== 'bench' && !args.includes('--help'));

/** Side by side, as none of it needs another: the engines, and Node, then its packages, then our own build. */
async function setUp(resolved, parts, progress, withImages) {
  const lockFile = join(root, 'local/setup/engines.lock.json');
  const engines = installEngines(resolved, parts, { progress, lockFile });
  const program = async () => {
    const node = await ensureNode(resolved.layout, progress);
    await ensureDependencies({ root, node, cacheRoot: resolved.layout.root, progress });
    const { build, buildImages } = await import(pathToFileURL(join(root, 'scripts/build.mjs')).href);
    await Promise.all([build(), withImages && buildImages()]);
    return node;
  };
  // At once when one fails: what is underway ends with us, what is done stays, and the next start goes on from there.
  const [node] = await Promise.all([program(), engines]);
  return node;
}

// Until the program itself runs, an interrupted set-up ends at once; the next one takes it up.
const interrupted = () => process.exit(130);
process.on('SIGINT', interrupted);
process.on('SIGTERM', interrupted);

main(process.argv.slice(2)).then(
  (code) => process.exit(code),
  (error) => {
    process.stderr.write(`${error instanceof Error ? error.message : error}\n`);
    process.exit(1);
  },
);

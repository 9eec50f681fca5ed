import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { build } from 'esbuild';
import { bundleOptions } from '../../scripts/bundle-options';

const root = resolve(__dirname, '../..');
// Inside the clone, so that the bundle finds node_modules.
const folder = join(root, 'node_modules', '.cache', 'kolate-test-programs');

export type ChildProgram = {
  readonly child: ChildProcess;
  /** Ends it without any notice. */
  kill(): Promise<void>;
};

/** Bundles a TypeScript program (a path from the clone's root) as the services are bundled. @returns the path of the bundle */
export async function bundleProgram(entry: string): Promise<string> {
  mkdirSync(folder, { recursive: true });
  const outfile = join(folder, `${basename(entry, '.ts')}-${process.pid}.js`);
  await build({
    entryPoints: [resolve(root, entry)],
    outfile,
    ...bundleOptions,
  });
  return outfile;
}

/** Runs a bundle in a process of its own; `args` reach it as JSON in `process.argv[2]`. */
export function runProgram(bundle: string, args: unknown): ChildProgram {
  const child = fork(bundle, [JSON.stringify(args)], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  return {
    child,
    async kill() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const exited = once(child, 'exit');
      child.kill('SIGKILL');
      await exited;
    },
  };
}

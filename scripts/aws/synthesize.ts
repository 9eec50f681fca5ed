import { spawnSync } from 'node:child_process';
import { environments } from '../../lib/config/environments';

export const environmentNames: readonly string[] = environments.map(({ name }) => name);

const timeoutMs = 5 * 60_000;

/**
 * Runs the app (a bundle of bin/kolate.ts) for one environment into `folder`, without the built-in validation and with
 * nothing of an account around it. Synchronous.
 * @throws Error with what the app said
 */
export function synthesize(app: string, environment: string, folder: string, cwd = process.cwd()): void {
  const { PATH, HOME, TMPDIR } = process.env;
  const { status, stderr, error } = spawnSync(process.execPath, [app], {
    cwd,
    timeout: timeoutMs,
    encoding: 'utf8',
    stdio: ['ignore', 'ignore', 'pipe'],
    env: {
      ...{ PATH, HOME, TMPDIR },
      CDK_OUTDIR: folder,
      CDK_CONTEXT_JSON: JSON.stringify({ env: environment }),
      CDK_VALIDATION: 'false',
    },
  });
  if (status !== 0) throw new Error(`synthesis of ${environment} failed: ${error?.message ?? readable(stderr)}`);
}

/** Without the minified sources that Node prints with an error of the CDK. */
const readable = (text: string): string =>
  text
    .split('\n')
    .filter((line) => line.length < 1_000)
    .join('\n');

import { join, resolve } from 'node:path';
import { PassThrough } from 'node:stream';
import { createLogger } from '../../src/platform/logging/create-logger';
import { findEnginePaths } from '../engines/engine-paths';
import { createProcessLog } from '../engines/process-log';
import type { Arguments } from './arguments';
import { chooseEngines } from './given-engines';
import { deleteHome, type Home, openHome } from './home';
import { type Platform, startPlatform } from './platform';
import { createSteps, type Steps } from './steps';
import { stopHome } from './stop-home';
import { claimHome, releaseHome } from './supervisor-lock';

export type Started = { readonly home: Home; readonly platform: Platform; readonly steps: Steps };

/** Of this clone: entry points and migrations are found from where this file lies when bundled, in `dist/local/supervisor`. */
export const cloneDir = resolve(__dirname, '../../..');

/**
 * Claims the home and brings the platform up on it. Undefined when it is running already, which is said.
 * @throws Error shown to people as it is
 */
export async function startHome(
  args: Arguments,
  write: (line: string) => void,
  signal: AbortSignal,
): Promise<Started | undefined> {
  if (args.reset) {
    write(await stopHome(args.home));
    await deleteHome(args.home);
  }
  const paths = findEnginePaths();
  const home = await openHome(args.home, paths.user);
  const other = await claimHome(home.run);
  if (other) {
    write(
      `Kolate is running on ${home.dir} already (process ${other.pid}): npx kolate status shows it, npm stop ends it.`,
    );
    return undefined;
  }
  const output = new PassThrough();
  createProcessLog(join(home.logs, 'supervisor.jsonl')).gather(output);
  const log = createLogger('supervisor', 'info', output);
  const steps = createSteps((line) => {
    log.info(line.trim());
    write(line);
  });
  try {
    const { given, lines } = await chooseEngines(process.env);
    for (const line of lines) steps.line(line);
    const platform = await startPlatform({
      home,
      gatewayPort: args.port,
      paths,
      given,
      dist: join(cloneDir, 'dist'),
      migrations: join(cloneDir, 'migrations/core'),
      steps,
      log,
      signal,
    });
    return { home, platform, steps };
  } catch (error) {
    log.error({ err: error }, 'the start failed');
    releaseHome(home.run);
    throw error;
  }
}

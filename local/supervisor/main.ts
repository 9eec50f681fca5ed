import { join } from 'node:path';
import { inspect } from 'node:util';
import { entryText, parseLine } from '../../cli/read-logs';
import { runDemo } from '../demo/run-demo';
import { ArgumentError, type Arguments, readArguments, usage } from './arguments';
import { detachedVariable, startDetached, tellParent } from './detach';
import { deleteHome } from './home';
import { createHomeState } from './home-state';
import { cloneDir, type Started, startHome } from './start-home';
import { stopHome } from './stop-home';
import { releaseHome } from './supervisor-lock';
import { homeFlag, welcome } from './welcome';

const stopDeadlineMs = 60_000;
const detached = process.env[detachedVariable] === '1';

function write(line: string): void {
  if (detached) tellParent({ line });
  else process.stdout.write(`${line}\n`);
}

async function main(): Promise<number | undefined> {
  const args = readArguments(process.argv.slice(2), process.env, join(cloneDir, '.kolate'));
  if (args.help) {
    write(usage);
    return 0;
  }
  if (args.command === 'stop') {
    write(await stopHome(args.home));
    if (args.reset) await deleteHome(args.home);
    return 0;
  }
  if (args.detach && !detached) {
    return startDetached(
      process.argv.slice(2).filter((arg) => arg !== 'start'),
      write,
    );
  }
  return run(args);
}

/** Until a signal. Undefined: the process goes on. */
async function run(args: Arguments): Promise<number | undefined> {
  const ending = new AbortController();
  let started: Started | undefined;
  const end = (signal: NodeJS.Signals): void => {
    if (ending.signal.aborted) {
      // Asked twice: what is left is ended by the next start, or by npm stop.
      process.exit(1);
    }
    write(`\n${signal}: stopping`);
    ending.abort();
    setTimeout(() => process.exit(1), stopDeadlineMs).unref();
    if (started) void finish(started);
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, end);
  // Who read it may have gone (`npm start | head`); the platform goes on, and every line is in its log.
  process.stdout.on('error', () => undefined);
  for (const fault of ['uncaughtException', 'unhandledRejection'] as const) {
    // Whatever it was: to go on keeping processes is better than to leave them alone, and they hold the state, not we.
    process.on(fault, (error) =>
      (started?.steps.line ?? write)(`a fault of the supervisor, which goes on: ${inspect(error)}`),
    );
  }
  started = await startHome(args, write, ending.signal);
  if (!started) return 0;
  if (ending.signal.aborted) return finish(started);
  write(welcome(started, args));
  if (args.demo) await demo(started, ending.signal);
  if (detached) tellParent({ ready: true });
  return undefined;
}

/** Once for each home. What goes wrong in it is said, and the platform runs on; the next start takes it up again. */
async function demo({ home, steps }: Started, ending: AbortSignal): Promise<void> {
  const state = createHomeState(home.state);
  if ((await state.read()).demoDoneAt) return;
  try {
    const shown = await runDemo({ homeDir: home.dir, homeFlag: homeFlag(home.dir), root: cloneDir, step: steps.step });
    await state.demoDone(new Date());
    write(`\n${shown}\n`);
  } catch (error) {
    if (ending.aborted) return;
    write(`\nThe demo did not end well, everything else runs: ${error instanceof Error ? error.message : error}\n`);
  }
}

/** The last lines of a process are JSON; people read them as `kolate logs` shows them. */
const readable = (text: string): string =>
  text
    .split('\n')
    .map((line) => (line.startsWith('{') ? `  ${parseLine(line).map(entryText).join('')}` : line))
    .join('\n');

async function finish({ home, platform, steps }: Started): Promise<number> {
  const { processes } = await platform.status();
  await steps.step('stopped', platform.stop, () => `${processes.length - 1} processes`);
  releaseHome(home.run);
  process.exit(0);
}

main().then(
  (code) => {
    if (code !== undefined) process.exit(code);
  },
  (error: unknown) => {
    const text = error instanceof Error ? error.message : String(error);
    write(
      error instanceof ArgumentError
        ? `${text}\n\n${usage}`
        : `\nKolate did not ${process.argv.includes('stop') ? 'stop' : 'start'}: ${readable(text)}`,
    );
    // The line above may still be on its way to the process that shows it.
    setTimeout(() => process.exit(error instanceof ArgumentError ? 2 : 1), detached ? 100 : 0);
  },
);

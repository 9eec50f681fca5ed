import type { Logger } from '../logging/create-logger';

type Life = {
  readonly log: Logger;
  readonly start: () => Promise<unknown>;
  /** In the order in which they have to end: intake first, then what it feeds, clients last. */
  readonly stop: readonly (() => unknown)[];
  readonly deadlineMs: number;
};

/**
 * Starts, waits for SIGTERM or SIGINT, then runs `stop` in order within the deadline and exits: 0 after a clean drain,
 * 1 when the start failed, a stop failed or the deadline passed. A second signal ends the process at once.
 */
export async function runUntilSignal({ log, start, stop, deadlineMs }: Life): Promise<void> {
  let stopping = false;
  const end = async (reason: string, code: number): Promise<void> => {
    if (stopping) process.exit(1);
    stopping = true;
    log.info({ reason }, 'stopping');
    const timer = setTimeout(() => exit(log, 1, 'the deadline for draining has passed'), deadlineMs);
    let failed = false;
    for (const close of stop) {
      try {
        await close();
      } catch (error) {
        failed = true;
        log.error({ err: error }, 'a part did not stop cleanly');
      }
    }
    clearTimeout(timer);
    exit(log, failed ? 1 : code, 'stopped');
  };
  process.on('SIGTERM', () => void end('SIGTERM', 0));
  process.on('SIGINT', () => void end('SIGINT', 0));
  try {
    await start();
    log.info('ready');
    log.flush();
  } catch (error) {
    log.fatal({ err: error }, 'could not start');
    await end('start failed', 1);
  }
}

function exit(log: Logger, code: number, message: string): void {
  log.info(message);
  log.flush(() => process.exit(code));
  // The log may be blocked by whoever reads it; the process ends all the same.
  setTimeout(() => process.exit(code), 500).unref();
}

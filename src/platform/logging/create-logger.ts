import pino, { type Logger } from 'pino';
import { createLogStream } from './create-log-stream';
import { hideSecrets } from './hide-secrets';

export type { Logger };

type Destination = { readonly stream: pino.DestinationStream; readonly name: string };
const destinations = new WeakMap<Logger, Destination>();

/** Where a logger of `createLogger` writes to, for those who write whole lines; undefined for its children. */
export const destinationOf = (log: Logger): Destination | undefined => destinations.get(log);

function standardOutput(): pino.DestinationStream {
  const stream = createLogStream({ fd: 1 });
  process.once('exit', stream.flushSync);
  return stream;
}

/**
 * One JSON line an entry on standard output. Lines are gathered to 32 KiB before a write and flushed every second
 * and at exit, since a write for each line costs a third of the throughput of a small request.
 */
export function createLogger(name: string, level = 'info', destination?: pino.DestinationStream): Logger {
  const stream = destination ?? standardOutput();
  const log = pino(
    {
      name,
      level,
      base: { name, pid: process.pid },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }), log: (members) => hideSecrets(members) },
      serializers: { err: (error: Error) => hideSecrets({ ...pino.stdSerializers.err(error) }) },
    },
    stream,
  );
  destinations.set(log, { stream, name });
  return log;
}

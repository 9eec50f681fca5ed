import pino, { type Logger } from 'pino';

export type { Logger };

/** Wherever one of these keys stands in what is logged, at the top or one or two levels down, its value is not written. */
const secretKeys = [
  'authorization',
  'password',
  'secret',
  'clientSecret',
  'client_secret',
  'token',
  'accessToken',
  'connectionString',
  'cookie',
];
const redactPaths = secretKeys.flatMap((key) => [key, `*.${key}`, `*.*.${key}`]);

/**
 * One JSON line an entry on standard output. Lines are gathered to 8 KiB before a write and flushed every second
 * and at exit, since a write for each line costs a third of the throughput of a small request.
 */
export function createLogger(name: string, level = 'info', destination?: pino.DestinationStream): Logger {
  const stream = destination ?? pino.destination({ dest: 1, sync: false, minLength: 8_192, periodicFlush: 1_000 });
  return pino(
    {
      name,
      level,
      base: { name, pid: process.pid },
      timestamp: pino.stdTimeFunctions.isoTime,
      redact: { paths: redactPaths, censor: '[redacted]' },
      formatters: { level: (label) => ({ level: label }) },
    },
    stream,
  );
}

import { join } from 'node:path';
import type { EnginePaths, ProcessSpec } from './engine';
import { askPort } from './probe';

const memory = [
  '-Xms96m',
  '-Xmx320m',
  '-XX:+UseSerialGC',
  '-XX:TieredStopAtLevel=1',
  '-Xss512k',
  '-XX:+ExitOnOutOfMemoryError',
];

export const jvmFlags = ({ kafkaLib }: EnginePaths): string[] => [
  ...memory,
  // What it says about archives of classes is of no use to anybody.
  ...['-Xlog:disable', '-Xlog:all=error:stderr'],
  ...['-Dorg.slf4j.simpleLogger.defaultLogLevel=warn', '-cp', join(kafkaLib, '*')],
];

type Server = { readonly name: string; readonly dir: string; readonly port: number; readonly paths: EnginePaths };

/** Kafka on the `server.properties` in `dir`; `archive` are the flags that make or use an archive of classes. */
export function kafkaProcess({ name, dir, port, paths }: Server, archive: readonly string[]): ProcessSpec {
  return {
    name,
    command: paths.java,
    args: [...archive, ...jvmFlags(paths), 'kafka.Kafka', join(dir, 'server.properties')],
    env: { HOME: dir },
    cwd: dir,
    ...paths.user,
    stopSignal: 'SIGTERM',
    ready: () => hasBroker(port),
    readyTimeoutMs: 90_000,
    alive: () => isKafka(port),
  };
}

/** Kafka's Metadata request, version 1, for no topic. kafkajs would leave a timer running for each failed try. */
const metadataRequest = Buffer.from('0000000e0003000100000001ffff00000000', 'hex');

/** Whether a broker answers there, be it that it is not ready. Rejects when nobody does. */
export async function isKafka(port: number, host?: string): Promise<boolean> {
  const answer = Buffer.from(await askPort(port, metadataRequest, 5_000, host), 'latin1');
  // After 4 bytes of size the correlation id of the request.
  return answer.length >= 8 && answer.readInt32BE(4) === metadataRequest.readInt32BE(8);
}

/** Once it has registered itself, the answer names a broker (after 4 bytes of size and 4 of correlation id). */
async function hasBroker(port: number): Promise<boolean> {
  const answer = Buffer.from(await askPort(port, metadataRequest), 'latin1');
  return answer.length >= 12 && answer.readInt32BE(8) > 0;
}

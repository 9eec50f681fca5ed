import { connect as connectTcp } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { KafkaJSError, Kafka as KafkaJs, logLevel } from 'kafkajs';
import { KolateError } from '../../contracts/errors';
import type { Logger } from '../logging/create-logger';
import { restWhenIdle } from './rest-when-idle';

export type ClientOptions = {
  /** host:port */
  readonly brokers: readonly string[];
  readonly clientId: string;
  readonly tls?: boolean;
  /** Signs in by SASL/OAUTHBEARER with what it answers, asked for each connection and before a session's end. */
  readonly token?: () => Promise<string>;
  readonly log: Logger;
};

/** The kafkajs client; nothing outside of this folder sees one. */
export function createClient({ brokers, clientId, tls = false, token, log }: ClientOptions): KafkaJs {
  restWhenIdle();
  return new KafkaJs({
    clientId,
    brokers: [...brokers],
    ssl: tls,
    ...(token
      ? { sasl: { mechanism: 'oauthbearer', oauthBearerProvider: async () => ({ value: await token() }) } }
      : {}),
    connectionTimeout: 3_000,
    requestTimeout: 10_000,
    retry: { initialRetryTime: 50, maxRetryTime: 1_000, retries: 5 },
    logLevel: logLevel.INFO,
    // What it calls an error it mostly repairs by itself, several times a second while a broker is away; what it cannot
    // repair reaches us as an exception and is logged then.
    logCreator: () => (entry) => {
      const { message, timestamp: _, ...details } = entry.log;
      log.debug({ kafka: entry.namespace, ...details }, message);
    },
    socketFactory: ({ host, port, ssl, onConnect }) => {
      const socket = ssl
        ? connectTls({ host, port, servername: host, ...ssl }, onConnect)
        : connectTcp({ host, port }, onConnect);
      // Small requests one after the other: Nagle's algorithm would hold each back for the acknowledgement of the last.
      return socket.setNoDelay(true).setKeepAlive(true, 60_000);
    },
  });
}

/** Errors of kafkajs as ours: away for the time being, or a fault. */
export function mapKafkaError(error: unknown): KolateError {
  if (error instanceof KolateError) return error;
  if (error instanceof KafkaJSError && isTooLarge(error)) {
    return new KolateError('KLT_BODY_TOO_LARGE', 'Kafka refuses a record of this size', { cause: error });
  }
  if (error instanceof KafkaJSError) {
    return new KolateError('KLT_DEPENDENCY_UNAVAILABLE', `Kafka does not answer: ${error.message}`, {
      retryAfterSeconds: 1,
      cause: error,
    });
  }
  return new KolateError('KLT_INTERNAL', 'an unexpected error of the Kafka client', { cause: error });
}

const isTooLarge = (error: KafkaJSError): boolean =>
  'type' in error && (error.type === 'MESSAGE_TOO_LARGE' || error.type === 'RECORD_LIST_TOO_LARGE');

export async function withDeadline<T>(work: Promise<T>, ms: number, what: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new KolateError('KLT_DEPENDENCY_UNAVAILABLE', `Kafka: ${what} took longer than ${ms} ms`)),
      ms,
    );
  });
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
}

import { MongoClient, MongoServerError } from 'mongodb';
import { KolateError } from '../../contracts/errors';
import type { RenewablePassword } from '../postgres/create-postgres';
import type { Trust } from '../tls/trust';

export type MongoOptions = {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: RenewablePassword;
  /** Shown by the server. */
  readonly name: string;
  readonly maxConnections?: number;
  /** Only to a server that shows a certificate of whom this process trusts. */
  readonly tls?: Trust;
};

const authenticationFailed = 18;
const unauthorized = 13;

/**
 * A connection to one server, made when it is first used. `use` maps a server that does not answer to
 * KLT_DEPENDENCY_UNAVAILABLE and a refusal to KLT_STORE_ACCESS_DENIED, after one try with a renewed password.
 */
export function createMongoConnection(options: MongoOptions) {
  let opening: Promise<MongoClient> | undefined;

  const open = async (): Promise<MongoClient> => {
    const username = (await options.password.user?.()) ?? options.user;
    const client = new MongoClient(`mongodb://${options.host}:${options.port}/?directConnection=true`, {
      auth: { username, password: await options.password.current(username) },
      // DocumentDB, which is always spoken to over TLS, has the older one alone: what is better is agreed upon then.
      authMechanism: options.tls ? 'DEFAULT' : 'SCRAM-SHA-256',
      ...trusting(options.tls),
      appName: options.name,
      maxPoolSize: options.maxConnections ?? 4,
      maxConnecting: 2,
      maxIdleTimeMS: 60_000,
      waitQueueTimeoutMS: 5_000,
      serverSelectionTimeoutMS: 3_000,
      connectTimeoutMS: 3_000,
      socketTimeoutMS: 15_000,
      // Each handle has a monitor of its own: with hundreds of tenants they would be what the servers are busy with.
      heartbeatFrequencyMS: 60_000,
      serverMonitoringMode: 'poll',
      // No retries by sessions and transaction numbers, which not every server of this protocol has.
      retryWrites: false,
      writeConcern: { w: 'majority' },
    });
    return client.connect();
  };

  const connected = (): Promise<MongoClient> => {
    opening ??= open().catch((error: unknown) => {
      opening = undefined;
      throw error;
    });
    return opening;
  };

  const close = async (): Promise<void> => {
    const client = await opening?.catch(() => undefined);
    opening = undefined;
    await client?.close();
  };

  return {
    async use<T>(act: (client: MongoClient) => Promise<T>): Promise<T> {
      try {
        return await act(await connected());
      } catch (error) {
        if (codeOf(error) !== authenticationFailed) throw toMongoError(error);
      }
      await close();
      await options.password.renew();
      try {
        return await act(await connected());
      } catch (error) {
        throw toMongoError(error);
      }
    },
    close,
  };
}

const codeOf = (error: unknown): unknown => {
  if (error instanceof MongoServerError) return error.code;
  // The driver wraps a refused handshake.
  return error instanceof Error && error.cause instanceof MongoServerError ? error.cause.code : undefined;
};

const lost = new Set([
  'MongoNetworkError',
  'MongoNetworkTimeoutError',
  'MongoServerSelectionError',
  'MongoPoolClearedError',
  'MongoWaitQueueTimeoutError',
  'MongoTopologyClosedError',
]);

/** ShutdownInProgress, NotWritablePrimary, the interrupted ones: a server that is going or gives its place to another. */
const passing = new Set<unknown>([91, 189, 10_107, 11_600, 11_602, 13_435, 13_436]);
/** FerretDB answers for its PostgreSQL; while that one is away, it is InternalError with PostgreSQL's own words. */
const internalError = 1;
const behindIsAway =
  /failed to connect to|database system is |terminating connection|conn closed|unexpected EOF|broken pipe|connection re/;

const isOutage = (error: Error): boolean =>
  lost.has(error.name) ||
  passing.has(codeOf(error)) ||
  (codeOf(error) === internalError && behindIsAway.test(error.message));

/** What the driver throws, as everybody else reports it. */
export function toMongoError(error: unknown): unknown {
  if (!(error instanceof Error) || error instanceof KolateError) return error;
  const code = codeOf(error);
  if (code === authenticationFailed || code === unauthorized) {
    return new KolateError('KLT_STORE_ACCESS_DENIED', 'the document store refuses access', { cause: error });
  }
  if (!isOutage(error)) return error;
  return new KolateError('KLT_DEPENDENCY_UNAVAILABLE', 'the document store does not answer', {
    retryAfterSeconds: 1,
    cause: error,
  });
}

const trusting = (tls: Trust = false) => (typeof tls === 'object' ? { tls: true, ca: tls.ca } : { tls });

import { Redis, type RedisOptions } from 'ioredis';
import { KolateError } from '../../contracts/errors';
import { sentinelPort } from '../../contracts/tenant-hosts';
import type { RenewablePassword } from '../postgres/create-postgres';
import type { Trust } from '../tls/trust';

export type RedisServer = {
  readonly host: string;
  readonly port: number;
  /**
   * Hosts of which one takes writes; the Sentinel beside each tells which, and a new one is followed. All of them show the
   * certificate of `host`.
   * @default - none: `host` alone
   */
  readonly members?: readonly string[];
  /** @default - that of tenants' hosts */
  readonly sentinelPort?: number;
  readonly user: string;
  readonly password: RenewablePassword;
  /** Shown by the server. */
  readonly name: string;
  readonly keyPrefix: string;
  /** Only to a server that shows a certificate of whom this process trusts. */
  readonly tls?: Trust;
};

/** What the Sentinels of images/valkey call what they watch. */
const primaryName = 'tenant';
const notPrimary = /^READONLY /;
const connectTimeoutMs = 3_000;
const commandTimeoutMs = 5_000;

/**
 * One connection as one ACL user, made when it is first used and made again when it is lost. `use` maps a server that
 * does not answer to KLT_DEPENDENCY_UNAVAILABLE and a refusal to KLT_STORE_ACCESS_DENIED, after one try with a renewed
 * password.
 */
export function createRedisConnection(server: RedisServer) {
  let opening: Promise<Redis> | undefined;

  const open = async (): Promise<Redis> => {
    const user = (await server.password.user?.()) ?? server.user;
    const redis = newClient({ ...server, user }, await server.password.current(user));
    let failure: unknown;
    redis.on('error', (error: unknown) => {
      failure = error;
    });
    redis.on('end', () => {
      opening = undefined;
    });
    try {
      await redis.connect();
      return redis;
    } catch (error) {
      redis.disconnect();
      throw failure ?? error;
    }
  };

  const connected = (): Promise<Redis> => {
    opening ??= open().catch((error: unknown) => {
      opening = undefined;
      throw error;
    });
    return opening;
  };

  return {
    async use<T>(act: (redis: Redis) => Promise<T>): Promise<T> {
      try {
        return await act(await connected());
      } catch (error) {
        if (!isMessage(error, /^WRONGPASS/)) throw toRedisError(error);
      }
      await server.password.renew();
      try {
        return await act(await connected());
      } catch (error) {
        throw toRedisError(error);
      }
    },
    async close(): Promise<void> {
      const redis = await opening?.catch(() => undefined);
      opening = undefined;
      redis?.disconnect();
    },
  };
}

const newClient = (server: RedisServer, password: string): Redis =>
  new Redis({
    ...placeOf(server),
    ...{ username: server.user, password, keyPrefix: server.keyPrefix },
    connectionName: server.name,
    lazyConnect: true,
    protocol: 2,
    connectTimeout: connectTimeoutMs,
    commandTimeout: commandTimeoutMs,
    maxRetriesPerRequest: 1,
    // A socket that is gone already would hold the process for this long.
    disconnectTimeout: 200,
    // The first connection is made or not; one that was lost is tried again for a while, then made anew by the next use.
    retryStrategy: (times) => (times > 3 ? null : times * 100),
    // Would ask INFO, which tells of the whole server and is not allowed to tenants' users.
    enableReadyCheck: false,
    disableClientInfo: true,
  });

function placeOf({ host, port, members = [], tls, ...server }: RedisServer): RedisOptions {
  const trust = tls === true ? {} : tls || undefined;
  if (members.length === 0) return { host, port, ...(trust && { tls: trust }) };
  // All members show one certificate.
  const secure = trust && { ...trust, servername: host };
  return {
    sentinels: members.map((member) => ({ host: member, port: server.sentinelPort ?? sentinelPort })),
    name: primaryName,
    ...(secure && { tls: secure, sentinelTLS: secure, enableTLSForSentinelMode: true }),
    updateSentinels: false,
    sentinelCommandTimeout: connectTimeoutMs,
    // Each is asked once for a connection; `retryStrategy` says how often one is tried.
    sentinelRetryStrategy: () => null,
    // A host that is gone says nothing, not even that a connection is closed.
    socketTimeout: commandTimeoutMs,
    // It was the primary, and is none any more: the next command goes where the Sentinels say then.
    reconnectOnError: (error) => notPrimary.test(error.message),
  };
}

const isMessage = (error: unknown, form: RegExp): boolean =>
  typeof error === 'object' && error !== null && 'message' in error && form.test(String(error.message));

function toRedisError(error: unknown): unknown {
  if (error instanceof KolateError) return error;
  if (isMessage(error, /^(NOPERM|NOAUTH|WRONGPASS)/)) {
    return new KolateError('KLT_STORE_ACCESS_DENIED', 'Redis refuses access', { cause: error });
  }
  if (isMessage(error, notPrimary)) {
    return new KolateError('KLT_DEPENDENCY_UNAVAILABLE', 'Redis is changing its primary', {
      retryAfterSeconds: 1,
      cause: error,
    });
  }
  // Anything that the server says begins with a word in capitals: the rest is about the connection.
  if (isMessage(error, /^[A-Z]{2,} /)) return error;
  return new KolateError('KLT_DEPENDENCY_UNAVAILABLE', 'Redis does not answer', { retryAfterSeconds: 1, cause: error });
}

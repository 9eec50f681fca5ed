import { createHash } from 'node:crypto';
import { Redis as Client } from 'ioredis';
import { KolateError } from '../../contracts/errors';

export type RedisOptions = {
  /** redis://user:password@host:port */
  readonly url: string;
  /** Shown by the server's CLIENT LIST. */
  readonly name: string;
  /** Put before every key. */
  readonly keyPrefix?: string;
  /** A password that ends: asked for before the first connection and every ten minutes, for those that come after. */
  readonly passwordToken?: () => Promise<string>;
  /** A command that takes longer fails. Default 500 ms. */
  readonly commandTimeoutMs?: number;
};

/** A Lua script with the hash by which the server knows it. */
export type RedisScript = { readonly lua: string; readonly sha1: string };

export const redisScript = (lua: string): RedisScript => ({ lua, sha1: createHash('sha1').update(lua).digest('hex') });

/**
 * A handle on one Redis or Valkey. `Core` handles and tenants' (`platform/tenancy`) are told apart by their brand.
 * Everything in it can be rebuilt; every call throws KolateError KLT_DEPENDENCY_UNAVAILABLE when the server does not
 * answer in time.
 */
export type Redis<Brand extends string = string> = {
  readonly brand: Brand;
  get(key: string): Promise<string | undefined>;
  /** Without `ttlMs` it stays until it is deleted or evicted. */
  set(key: string, value: string, options?: { readonly ttlMs?: number }): Promise<void>;
  /** @returns how many there were */
  delete(...keys: string[]): Promise<number>;
  /** Runs a script, which the server keeps after the first time. */
  run(script: RedisScript, keys: readonly string[], args: readonly (string | number)[]): Promise<unknown>;
  info(section: string): Promise<string>;
  ping(): Promise<void>;
  close(): Promise<void>;
};

export type CoreRedis = Redis<'core'>;

const connectTimeoutMs = 3_000;
const maxReconnectMs = 1_000;

/**
 * One connection, made in the background and made again when it is lost. Nothing is queued meanwhile: a call without a
 * connection fails at once, so that whoever has another way takes it without waiting.
 */
export function createRedis<B extends string>(brand: B, options: RedisOptions): Redis<B> {
  const client = new Client(options.url, {
    connectionName: options.name,
    keyPrefix: options.keyPrefix,
    connectTimeout: connectTimeoutMs,
    commandTimeout: options.commandTimeoutMs ?? 500,
    enableOfflineQueue: false,
    // Commands of one turn of the event loop go out together: a system call for all instead of one for each.
    enableAutoPipelining: true,
    // A script that may have run must not run again.
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    // A socket that is gone already would hold the process for this long.
    disconnectTimeout: 200,
    retryStrategy: (times) => Math.min(maxReconnectMs, 50 * 2 ** Math.min(times, 5)),
    disableClientInfo: true,
    // Would ask INFO first; a server that still reads its file says LOADING to any command.
    enableReadyCheck: false,
    lazyConnect: options.passwordToken !== undefined,
  });
  const renewal = options.passwordToken && renewPassword(client, options.passwordToken);
  // Why there is no connection. Without a listener the first error would end the process.
  let refusal: unknown;
  client.on('error', (error: unknown) => {
    refusal = error;
  });
  client.on('ready', () => {
    refusal = undefined;
  });
  const guarded = async <T>(answer: Promise<T>): Promise<T> => {
    try {
      return await answer;
    } catch (error) {
      throw toRedisError(refused.test(messageOf(refusal)) ? refusal : error);
    }
  };
  return {
    brand,
    get: async (key) => (await guarded(client.get(key))) ?? undefined,
    async set(key, value, { ttlMs } = {}) {
      await guarded(ttlMs === undefined ? client.set(key, value) : client.set(key, value, 'PX', ttlMs));
    },
    delete: (...keys) => guarded(client.del(...keys)),
    run: (script, keys, args) => guarded(runScript(client, script, keys, args)),
    info: (section) => guarded(client.info(section)),
    async ping() {
      await guarded(client.ping());
    },
    async close() {
      clearTimeout(renewal?.timer);
      client.disconnect();
    },
  };
}

/** Tokens are good for 15 minutes, and are looked at when a connection signs in. */
const renewAfterMs = 600_000;
const renewAgainAfterMs = 1_000;

function renewPassword(client: Client, token: () => Promise<string>): { timer: NodeJS.Timeout | undefined } {
  const renewal: { timer: NodeJS.Timeout | undefined } = { timer: undefined };
  const later = (ms: number): void => {
    renewal.timer = setTimeout(() => void renew(), ms).unref();
  };
  const renew = async (): Promise<void> => {
    try {
      client.options.password = await token();
      // Its failure is an `error` of the client, which tries again.
      if (client.status === 'wait') client.connect().catch(() => undefined);
      later(renewAfterMs);
    } catch (error) {
      client.emit('error', error);
      later(renewAgainAfterMs);
    }
  };
  void renew();
  return renewal;
}

async function runScript(
  client: Client,
  { lua, sha1 }: RedisScript,
  keys: readonly string[],
  args: readonly (string | number)[],
): Promise<unknown> {
  try {
    return await client.evalsha(sha1, keys.length, ...keys, ...args);
  } catch (error) {
    if (!messageOf(error).startsWith('NOSCRIPT')) throw error;
    return client.eval(lua, keys.length, ...keys, ...args);
  }
}

const messageOf = (error: unknown): string =>
  typeof error === 'object' && error !== null && 'message' in error ? String(error.message) : '';

const refused = /^(NOPERM|NOAUTH|WRONGPASS)/;

function toRedisError(error: unknown): unknown {
  const message = messageOf(error);
  if (refused.test(message)) {
    return new KolateError('KLT_STORE_ACCESS_DENIED', 'Redis refuses access', { cause: error });
  }
  // What the server itself says begins with a word in capitals; the rest is about the connection.
  if (/^[A-Z]{2,} /.test(message) && !/^(LOADING|BUSY|MASTERDOWN) /.test(message)) return error;
  return new KolateError('KLT_DEPENDENCY_UNAVAILABLE', 'Redis does not answer', { retryAfterSeconds: 1, cause: error });
}

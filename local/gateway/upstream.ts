import type { Readable } from 'node:stream';
import { setTimeout as pause } from 'node:timers/promises';
import { type Dispatcher, Pool } from 'undici';
import { KolateError } from '../../src/contracts/errors';

/** API Gateway waits no longer for an integration. */
export const upstreamDeadlineMs = 29_000;
const maxConnections = 128;
const maxWaiting = 1_024;
const retryPausesMs = [50, 200, 500];

export type UpstreamRequest = {
  readonly path: string;
  readonly method: Dispatcher.HttpMethod;
  readonly headers: Record<string, string | string[]>;
  readonly body: Buffer | Readable | undefined;
  /** Of the client that went away. */
  readonly signal: AbortSignal;
};

export type UpstreamAnswer = {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** Has to be read to its end or destroyed. Fails with KLT_DEADLINE_EXCEEDED when the deadline passes meanwhile. */
  readonly body: Readable;
};

/** A service behind the gateway: connections that are kept, at most `maxConnections`, and a deadline over the whole answer. */
export function createUpstream(name: string, origin: string, deadlineMs = upstreamDeadlineMs) {
  const pool = new Pool(origin, {
    connections: maxConnections,
    pipelining: 1,
    keepAliveTimeout: 4_000,
    connectTimeout: 1_000,
    headersTimeout: deadlineMs + 1_000,
    bodyTimeout: deadlineMs + 1_000,
  });

  const attempt = async (request: UpstreamRequest, expires: AbortSignal): Promise<UpstreamAnswer> => {
    const { body, signal, ...rest } = request;
    const answer = await pool.request({ ...rest, body: body ?? null, signal: AbortSignal.any([signal, expires]) });
    return answer;
  };

  return {
    name,
    /**
     * GET and HEAD are tried again, three times, when the service had no connection for them or lost it before it answered.
     * @throws KolateError KLT_DEADLINE_EXCEEDED, KLT_DEPENDENCY_UNAVAILABLE, KLT_OVERLOADED, or what the body threw
     */
    async send(request: UpstreamRequest): Promise<UpstreamAnswer> {
      if (pool.stats.pending > maxWaiting) {
        throw new KolateError('KLT_OVERLOADED', `too much is waiting for ${name}`, { retryAfterSeconds: 1 });
      }
      const deadline = new AbortController();
      const timer = setTimeout(() => deadline.abort(late(name, deadlineMs)), deadlineMs);
      const pauses = request.method === 'GET' || request.method === 'HEAD' ? retryPausesMs : [];
      for (let tries = 0; ; tries += 1) {
        try {
          const answer = await attempt(request, deadline.signal);
          answer.body.once('close', () => clearTimeout(timer));
          return answer;
        } catch (error) {
          const pauseMs = pauses[tries];
          if (pauseMs === undefined || !isLost(error)) {
            clearTimeout(timer);
            throw toUpstreamError(name, error);
          }
          await pause(pauseMs);
        }
      }
    },
    /** @throws Error unless its /readyz answers 200 */
    async ready(): Promise<void> {
      const { statusCode, body } = await pool.request({
        path: '/readyz',
        method: 'GET',
        signal: AbortSignal.timeout(2_000),
      });
      await body.dump();
      if (statusCode !== 200) throw new Error(`${name} answers ${statusCode}`);
    },
    close: () => pool.close(),
  };
}

export type Upstream = ReturnType<typeof createUpstream>;

const late = (name: string, deadlineMs: number): KolateError =>
  new KolateError('KLT_DEADLINE_EXCEEDED', `${name} did not answer within ${deadlineMs / 1_000} s`);

const lostCodes = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ENOTFOUND',
  'EHOSTUNREACH',
  'UND_ERR_SOCKET',
  'UND_ERR_CONNECT_TIMEOUT',
]);

const codeOf = (error: unknown): string =>
  typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : '';
const isLost = (error: unknown): boolean => lostCodes.has(codeOf(error));

function toUpstreamError(name: string, error: unknown): unknown {
  if (error instanceof KolateError) return error;
  if (/^UND_ERR_(HEADERS|BODY)_TIMEOUT$/.test(codeOf(error))) {
    return new KolateError('KLT_DEADLINE_EXCEEDED', `${name} did not answer in time`, { cause: error });
  }
  if (!isLost(error)) return error;
  return new KolateError('KLT_DEPENDENCY_UNAVAILABLE', `${name} is not available`, {
    retryAfterSeconds: 1,
    cause: error,
  });
}

import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { Static, TSchema } from '@sinclair/typebox';
import type { Route } from '../src/contracts/http/route';
import { parseExact, stringifyExact } from '../src/platform/json/exact-json';
import { refusal, unreachable } from './cli-error';

type Part<R, K extends string> = R extends { readonly [P in K]: infer S extends TSchema } ? Static<S> : never;
type Wanted<R extends Route> = ([Part<R, 'params'>] extends [never]
  ? { readonly params?: undefined }
  : { readonly params: Part<R, 'params'> }) &
  ([Part<R, 'body'>] extends [never] ? { readonly body?: undefined } : { readonly body: Part<R, 'body'> | RawBody });
type Success = 200 | 201 | 202 | 204;
type BodyOf<S> = S extends TSchema ? Static<S> : never;

export type CallOf<R extends Route> = Wanted<R> & {
  readonly query?: Partial<Part<R, 'query'>>;
  readonly headers?: Readonly<Record<string, string>>;
  /** Made up where the route takes one and none is given. */
  readonly idempotencyKey?: string;
};
/** A body that is sent as it stands. */
export type RawBody = { readonly raw: string };
export type AnswerOf<R extends Route> = {
  readonly status: number;
  readonly headers: Headers;
  readonly body: BodyOf<R['responses'][Success & keyof R['responses']]>;
};

/** Tokens for one identity; `forget` drops a cached one that was refused. */
export type TokenSource = { get(): Promise<string>; forget(): Promise<void> };

export type Api = {
  /** @throws CliError refused (4xx) or unavailable (5xx, no answer) */
  call<R extends Route>(route: R, request: CallOf<R>): Promise<AnswerOf<R>>;
  token(): Promise<string>;
};

type Deps = {
  readonly url: string;
  readonly tokens: TokenSource;
  readonly fetch?: typeof fetch;
  readonly timeoutMs?: number;
  readonly maxAttempts?: number;
  /** Waits between attempts. */
  readonly pause?: (ms: number) => Promise<unknown>;
};

type Sent = { readonly url: URL; readonly init: RequestInit; readonly repeatable: boolean };

/**
 * A client of the HTTP API built on its routes. Tries again, at most `maxAttempts` (5) times, only what can be repeated
 * without a second effect: reads, PUT, and what carries an Idempotency-Key; waits as `Retry-After` says, at most 10 s. A
 * quota of the day that is used up is not waited for.
 */
export function createApi(deps: Deps): Api {
  const { url, tokens, fetch: send = fetch, timeoutMs = 30_000, maxAttempts = 5, pause = delay } = deps;
  const attempt = async (sent: Sent, withToken: boolean): Promise<Response> => {
    const headers = new Headers(sent.init.headers);
    if (withToken) headers.set('authorization', `Bearer ${await tokens.get()}`);
    try {
      return await send(sent.url, { ...sent.init, headers, signal: AbortSignal.timeout(timeoutMs) });
    } catch (error) {
      throw unreachable(`no answer from ${sent.url.origin}: ${reasonOf(error)}`, 'is it running? npm start', error);
    }
  };
  const exchange = async (sent: Sent, withToken: boolean): Promise<Response> => {
    for (let tried = 1, renewed = false; ; tried++) {
      const last = !sent.repeatable || tried >= maxAttempts;
      const answer = await attempt(sent, withToken).catch((error: unknown) => {
        if (last) throw error;
        return undefined;
      });
      if (answer?.status === 401 && withToken && !renewed) {
        // A token from the cache may be older than the keys or the clients of the issuer.
        renewed = true;
        await tokens.forget();
      } else if (answer && (last || !mayPass.has(answer.status) || askedMs(answer) > patienceMs)) {
        return answer;
      }
      await pause(waitMs(answer, tried));
    }
  };
  return {
    async call<R extends Route>(route: R, request: CallOf<R>) {
      const answer = await exchange(requestOf(url, route, request), !route.public);
      const text = await answer.text();
      const body = bodyOf(text);
      if (!answer.ok) throw refusal(answer.status, body);
      return { status: answer.status, headers: answer.headers, body: body as AnswerOf<R>['body'] };
    },
    token: () => tokens.get(),
  };
}

const mayPass = new Set([429, 502, 503, 504]);
const repeatable = new Set(['GET', 'PUT']);

/** Told to come back after more than this, the command ends instead. */
const patienceMs = 60_000;

/** What `Retry-After` says; 0 where it says nothing. */
const askedMs = (answer: Response): number => Number(answer.headers.get('retry-after')) * 1_000 || 0;

const waitMs = (answer: Response | undefined, tried: number): number => {
  if (answer?.status === 401) return 0;
  return Math.min(10_000, (answer && askedMs(answer)) || 200 * 2 ** (tried - 1));
};

function requestOf<R extends Route>(base: string, route: R, request: CallOf<R>): Sent {
  const params: Readonly<Record<string, unknown>> = request.params ?? {};
  const path = route.path.replaceAll(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(String(params[name])));
  const url = new URL(path, base);
  for (const [name, value] of Object.entries(request.query ?? {})) {
    if (value !== undefined) url.searchParams.set(name, String(value));
  }
  const headers = new Headers(request.headers);
  const key = route.idempotent ? (request.idempotencyKey ?? randomUUID()) : request.idempotencyKey;
  if (key) headers.set('idempotency-key', key);
  if (request.body !== undefined) headers.set('content-type', 'application/json');
  return {
    url,
    init: { method: route.method, headers, body: textOf(request.body) },
    repeatable: repeatable.has(route.method) || key !== undefined,
  };
}

function textOf(body: unknown): string | undefined {
  if (body === undefined) return undefined;
  const raw = typeof body === 'object' && body !== null && 'raw' in body ? body.raw : undefined;
  return typeof raw === 'string' ? raw : stringifyExact(body);
}

function bodyOf(text: string): unknown {
  if (text === '') return undefined;
  try {
    return parseExact(text);
  } catch {
    return { detail: text.slice(0, 500) };
  }
}

/** What stands behind fetch's `fetch failed`. */
export function reasonOf(error: unknown): string {
  const message = (value: unknown): string =>
    typeof value === 'object' && value !== null && 'message' in value ? String(value.message) : '';
  const cause = typeof error === 'object' && error !== null && 'cause' in error ? error.cause : undefined;
  return message(cause) || message(error) || String(error);
}

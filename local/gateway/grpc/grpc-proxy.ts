import {
  constants,
  createServer,
  type Http2Server,
  type IncomingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2';
import { KolateError, toKolateError } from '../../../src/contracts/errors';
import { rpcRoutes } from '../../../src/contracts/grpc';
import type { Identity } from '../../../src/contracts/scopes';
import { requireAllowed } from '../../../src/platform/http/require-allowed';
import type { Logger } from '../../../src/platform/logging/create-logger';
import type { RateLimiter } from '../../../src/platform/redis/create-rate-limiter';
import { continueTrace } from '../../../src/platform/telemetry/trace-context';
import type { CheckCaller } from '../check-caller';
import { requestHeaders, requestIdOf } from '../forwarded-headers';
import { limitCaller } from '../limit-caller';
import { maxBodyBytes } from '../request-body';
import { upstreamDeadlineMs } from '../upstream';
import { grpcStatusOf, statusTrailers } from './grpc-status';
import type { GrpcUpstream } from './grpc-upstream';
import { relayCall } from './relay-call';

export type GrpcProxyOptions = {
  readonly log: Logger;
  readonly checkCaller: CheckCaller;
  readonly limiter: RateLimiter;
  readonly upstream: GrpcUpstream;
  readonly deadlineMs?: number;
  readonly maxMessageBytes?: number;
};

const maxStreamsPerConnection = 1_000;
const windowBytes = 1_048_576;
const drainMs = 5_000;

/**
 * gRPC to the predict service: token, scopes and limit as over HTTP, then the messages' bytes both ways unread. What it
 * refuses itself it answers with a gRPC status in trailers.
 */
export function createGrpcProxy(options: GrpcProxyOptions): { server: Http2Server; close: () => Promise<void> } {
  const server = createServer({
    settings: { maxConcurrentStreams: maxStreamsPerConnection, initialWindowSize: windowBytes },
  });
  const sessions = new Set<ServerHttp2Session>();
  server.on('session', (session) => {
    sessions.add(session);
    session.setLocalWindowSize(8 * windowBytes);
    session.once('close', () => sessions.delete(session));
    session.on('error', () => session.destroy());
  });
  server.on('stream', (stream, headers) => void serve(options, stream, headers));
  return {
    server,
    close: () =>
      new Promise((resolve) => {
        const timer = setTimeout(() => {
          for (const session of sessions) session.destroy();
        }, drainMs);
        server.close(() => {
          clearTimeout(timer);
          resolve();
        });
        for (const session of sessions) session.close();
      }),
  };
}

async function serve(
  options: GrpcProxyOptions,
  stream: ServerHttp2Stream,
  headers: IncomingHttpHeaders,
): Promise<void> {
  const started = performance.now();
  const trace = continueTrace(textOf(headers.traceparent));
  const rpc = headers[':path'] ?? '';
  let identity: Identity | undefined;
  // A client that goes away resets its stream; there is nobody left to tell.
  stream.on('error', () => undefined);
  try {
    if (!headers['content-type']?.startsWith('application/grpc')) {
      stream.respond({ ':status': 415 }, { endStream: true });
      return;
    }
    identity = await admit(options, rpc, textOf(headers.authorization));
    const sent = requestHeaders(withoutPseudo(headers), {
      address: stream.session?.socket?.remoteAddress ?? 'unknown',
      host: headers[':authority'],
      requestId: requestIdOf(textOf(headers['x-request-id']), trace.traceId),
      traceparent: trace.traceparent,
    });
    const outcome = await relayCall(
      stream,
      options.upstream.request({ ...sent, ':method': 'POST', ':path': rpc, te: 'trailers' }),
      {
        deadlineMs: options.deadlineMs ?? upstreamDeadlineMs,
        maxMessageBytes: options.maxMessageBytes ?? maxBodyBytes,
      },
    );
    logCall(outcome.grpcStatus);
  } catch (thrown) {
    const error = toKolateError(thrown);
    if (error.status >= 500) options.log.error({ err: thrown, traceId: trace.traceId }, 'a call failed');
    refuse(stream, error);
    logCall(grpcStatusOf(error));
  }

  function logCall(grpcStatus: number | undefined): void {
    const ms = Math.round((performance.now() - started) * 100) / 100;
    options.log.info({ rpc, grpcStatus, ms, tenantId: identity?.tenantId, traceId: trace.traceId });
  }
}

/** @throws KolateError as over HTTP; KLT_ROUTE_UNKNOWN for a call that the contract does not have */
async function admit(
  { checkCaller, limiter }: GrpcProxyOptions,
  rpc: string,
  authorization: string | undefined,
): Promise<Identity | undefined> {
  const route = rpcRoutes.get(rpc);
  if (!route) throw new KolateError('KLT_ROUTE_UNKNOWN', `there is no call ${rpc}`);
  if (route.public) return undefined;
  const identity = await checkCaller(route, authorization);
  const decision = await limitCaller(limiter, identity, route.throttle);
  if (decision) requireAllowed(decision);
  return identity;
}

/** Status in headers that are trailers at once; the client is told to stop sending. */
function refuse(stream: ServerHttp2Stream, error: KolateError): void {
  if (stream.destroyed || stream.headersSent) return;
  stream.respond(
    { ':status': 200, 'content-type': 'application/grpc+proto', ...statusTrailers(error) },
    { endStream: true },
  );
  stream.resume();
  if (!stream.readableEnded) stream.close(constants.NGHTTP2_NO_ERROR);
}

const textOf = (value: string | string[] | undefined): string | undefined => (Array.isArray(value) ? value[0] : value);

const withoutPseudo = (headers: IncomingHttpHeaders): IncomingHttpHeaders =>
  Object.fromEntries(Object.entries(headers).filter(([name]) => !name.startsWith(':')));

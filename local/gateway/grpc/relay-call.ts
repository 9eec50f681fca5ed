import {
  type ClientHttp2Stream,
  constants,
  type IncomingHttpHeaders,
  type OutgoingHttpHeaders,
  type ServerHttp2Stream,
} from 'node:http2';
import { KolateError, toKolateError } from '../../../src/contracts/errors';
import { grpcStatusOf, statusTrailers } from './grpc-status';
import { createMessageGuard } from './message-guard';

export type RelayOptions = { readonly deadlineMs: number; readonly maxMessageBytes: number };
/** undefined when the client went away before there was one. */
export type Outcome = { readonly grpcStatus: number | undefined };

/**
 * Joins a client's call with one to the service until both have ended: bytes both ways with back-pressure, the
 * service's headers and trailers as they are.
 * @throws KolateError when the call failed before the client heard anything: KLT_DEPENDENCY_UNAVAILABLE,
 * KLT_DEADLINE_EXCEEDED, KLT_BODY_TOO_LARGE. Later the error goes into the trailers.
 */
export function relayCall(
  client: ServerHttp2Stream,
  service: ClientHttp2Stream,
  options: RelayOptions,
): Promise<Outcome> {
  const guard = createMessageGuard(options.maxMessageBytes);
  let trailers: OutgoingHttpHeaders | undefined;
  return new Promise((resolve, reject) => {
    const end = (outcome: Outcome): void => {
      clearTimeout(timer);
      resolve(outcome);
    };
    const fail = (thrown: unknown): void => {
      clearTimeout(timer);
      const error = toKolateError(thrown);
      service.close(constants.NGHTTP2_CANCEL);
      if (client.headersSent) {
        trailers = statusTrailers(error);
        if (!client.destroyed) client.end();
        resolve({ grpcStatus: grpcStatusOf(error) });
      } else reject(error);
    };
    const timer = setTimeout(
      () => fail(new KolateError('KLT_DEADLINE_EXCEEDED', `no answer within ${options.deadlineMs / 1_000} s`)),
      options.deadlineMs,
    );

    client.on('wantTrailers', () => client.sendTrailers(trailers ?? statusTrailers(lost())));
    client.once('aborted', () => {
      service.close(constants.NGHTTP2_CANCEL);
      end({ grpcStatus: undefined });
    });
    guard.once('error', fail);
    client.pipe(guard).pipe(service);

    service.once('response', (headers, flags) => {
      if (client.destroyed) return;
      const endStream = (flags & constants.NGHTTP2_FLAG_END_STREAM) !== 0;
      client.respond(plain(headers), { endStream, waitForTrailers: !endStream });
      if (endStream) end({ grpcStatus: statusIn(headers) });
      else service.pipe(client);
    });
    service.once('trailers', (received) => {
      trailers = plain(received);
    });
    service.on('error', (cause) => fail(lost(cause)));
    service.once('close', () => {
      // Reset by the service without an error of its own, such as NO_ERROR or CANCEL.
      if (trailers === undefined && !client.headersSent) fail(lost());
      else end({ grpcStatus: statusIn(trailers ?? {}) });
    });
  });
}

const lost = (cause?: unknown): KolateError =>
  new KolateError('KLT_DEPENDENCY_UNAVAILABLE', 'the service is not available', { retryAfterSeconds: 1, cause });

/** Without what HTTP/2 keeps for itself; `:status` stays. */
const plain = (headers: IncomingHttpHeaders): OutgoingHttpHeaders => ({ ...headers });

function statusIn(headers: IncomingHttpHeaders | OutgoingHttpHeaders): number | undefined {
  const status = headers['grpc-status'];
  return status === undefined ? undefined : Number(status);
}

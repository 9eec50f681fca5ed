import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { type ErrorCode, KolateError } from '../../contracts/errors';
import { problemType, toProblem } from './problem';

const known: Readonly<Record<string, readonly [ErrorCode, string]>> = {
  HPE_HEADER_OVERFLOW: ['KLT_HEADERS_TOO_LARGE', 'the request line and headers may have 16 KiB together'],
  HPE_CHUNK_EXTENSIONS_OVERFLOW: ['KLT_BODY_TOO_LARGE', 'the extensions of a chunk may have 16 KiB'],
  ERR_HTTP_REQUEST_TIMEOUT: ['KLT_REQUEST_TIMED_OUT', 'send the whole request in less time'],
};

/** How long a client may go on sending what nobody reads: closed at once, the connection would be reset and the answer lost. */
const lingerMs = 1_000;

/**
 * Answers what Node's parser refused before there was a request: problem details straight onto the socket, which is
 * closed then, since nobody knows where the next request would begin.
 */
export function answerClientError(error: Error & { readonly code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET') socket.destroy();
  if (!socket.writable) return;
  const [code, detail] = known[error.code ?? ''] ?? ['KLT_REQUEST_MALFORMED', 'this is not HTTP/1.1 as we read it'];
  const problem = toProblem(new KolateError(code, detail));
  const body = JSON.stringify(problem);
  const head = [
    `HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status] ?? ''}`,
    `content-type: ${problemType}`,
    `content-length: ${Buffer.byteLength(body)}`,
    'connection: close',
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
  setTimeout(() => socket.destroy(), lingerMs).unref();
}

import type { IncomingHttpHeaders } from 'node:http';

/** RFC 9110, 7.6.1: of one connection, not of the request. `expect` is answered by this server itself. */
const hopByHop = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'expect',
]);

/** What only a gateway may say: from a client it would be a forgery. */
const ours = /^(forwarded|x-forwarded-.*|x-real-ip|x-request-id|x-kolate-.*|x-amzn-.*|x-amz-cf-.*|host|traceparent)$/;
const oursInAnswers = new Set([
  'server',
  'x-powered-by',
  'x-request-id',
  'ratelimit-limit',
  'ratelimit-remaining',
  'ratelimit-reset',
]);

const requestIdForm = /^[A-Za-z0-9._-]{8,128}$/;

/** The client's own request id where it is one, else `fallback`: it goes into logs and answers. */
export const requestIdOf = (sent: string | undefined, fallback: string): string =>
  sent !== undefined && requestIdForm.test(sent) ? sent : fallback;

export type Seen = {
  readonly address: string;
  readonly host: string | undefined;
  readonly requestId: string;
  readonly traceparent: string;
};

/** The client's headers for the service, without those of the connection and with ours in place of what could be forged. */
export function requestHeaders(sent: IncomingHttpHeaders, seen: Seen): Record<string, string | string[]> {
  const headers: Record<string, string | string[]> = {};
  const named = namedByConnection(sent.connection);
  for (const [name, value] of Object.entries(sent)) {
    if (value !== undefined && !hopByHop.has(name) && !named.has(name) && !ours.test(name)) headers[name] = value;
  }
  headers['x-forwarded-for'] = seen.address;
  headers['x-forwarded-proto'] = 'http';
  if (seen.host !== undefined) headers['x-forwarded-host'] = seen.host;
  headers['x-request-id'] = seen.requestId;
  headers.traceparent = seen.traceparent;
  return headers;
}

/** The service's headers for the client. */
export function responseHeaders(
  sent: Readonly<Record<string, string | string[] | undefined>>,
): Record<string, string | string[]> {
  const headers: Record<string, string | string[]> = {};
  const named = namedByConnection([sent.connection].flat().join(','));
  for (const [name, value] of Object.entries(sent)) {
    if (value !== undefined && !hopByHop.has(name) && !named.has(name) && !oursInAnswers.has(name))
      headers[name] = value;
  }
  return headers;
}

const namedByConnection = (connection: string | undefined): Set<string> =>
  new Set((connection ?? '').split(',').map((name) => name.trim().toLowerCase()));

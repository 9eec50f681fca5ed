import type { IncomingMessage } from 'node:http';
import { KolateError } from '../../src/contracts/errors';

/** API Gateway takes no larger body. */
export const maxBodyBytes = 10 * 1024 * 1024;

const tooLarge = (): KolateError =>
  new KolateError('KLT_BODY_TOO_LARGE', `a body may have ${maxBodyBytes} bytes`, {
    hint: 'model files are uploaded to the URL that the API answers, not through it',
  });

/** Whether the request announces a body. @throws KolateError KLT_BODY_TOO_LARGE when it announces too large a one */
export function announcesBody({ headers }: IncomingMessage): boolean {
  const length = Number(headers['content-length'] ?? 0);
  if (length > maxBodyBytes) throw tooLarge();
  return length > 0 || headers['transfer-encoding'] !== undefined;
}

/** The body as it comes in; fails with KLT_BODY_TOO_LARGE as soon as it is. */
export async function* boundedBody(request: IncomingMessage): AsyncGenerator<Buffer> {
  let size = 0;
  for await (const chunk of request) {
    const bytes: Buffer = chunk;
    size += bytes.length;
    if (size > maxBodyBytes) throw tooLarge();
    yield bytes;
  }
}

/** The whole body as JSON and as the bytes to hand on; an empty one is `undefined`. @throws KolateError with 400, 413, 415 */
export async function readJsonBody(request: IncomingMessage): Promise<{ bytes: Buffer; value: unknown }> {
  const { 'content-type': type = '', 'content-encoding': encoding } = request.headers;
  if (type.split(';', 1)[0]?.trim().toLowerCase() !== 'application/json' || encoding !== undefined) {
    throw new KolateError('KLT_MEDIA_TYPE_UNSUPPORTED', 'send application/json without a content encoding');
  }
  const chunks: Buffer[] = [];
  for await (const chunk of boundedBody(request)) chunks.push(chunk);
  const bytes = Buffer.concat(chunks);
  if (bytes.length === 0) return { bytes, value: undefined };
  try {
    return { bytes, value: JSON.parse(bytes.toString('utf8')) };
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : 'it cannot be read';
    throw new KolateError('KLT_BODY_MALFORMED', `the body is not valid JSON: ${reason}`, { cause });
  }
}

import type { IncomingMessage } from 'node:http';
import { KolateError } from '../../src/contracts/errors';

/** The body as UTF-8. @throws KolateError KLT_BODY_TOO_LARGE past `maxBytes` */
export async function readText(request: IncomingMessage, maxBytes: number): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    const bytes = Buffer.from(chunk);
    size += bytes.length;
    if (size > maxBytes) throw new KolateError('KLT_BODY_TOO_LARGE', `the body may have ${maxBytes} bytes`);
    chunks.push(bytes);
  }
  return Buffer.concat(chunks).toString('utf8');
}

import type { InputType } from 'node:zlib';
import { gunzip, inflate } from 'node:zlib';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { KolateError } from '../../../contracts/errors';

export type BodyLimits = {
  /** As it comes over the network, and unpacked. */
  readonly maxBytes: number;
};

type Unpack = (
  packed: InputType,
  options: { maxOutputLength: number },
  done: (error: Error | null, body: Buffer) => void,
) => void;
const unpackers: Readonly<Record<string, Unpack>> = { gzip: gunzip, deflate: inflate };

/** What a body of the protocol may call itself. Clients differ: triton's names no type at all, others send form types by default. */
const refusedTypes = /^(text|image|audio|video|multipart)\/|xml/;

/**
 * Lets routes below `app` take bodies as bytes, with any plausible type or none: triton's client names none. Packed bodies are unpacked, up
 * to the same bound.
 */
export function takeBytes(app: FastifyInstance, { maxBytes }: BodyLimits): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser<Buffer>('*', { parseAs: 'buffer', bodyLimit: maxBytes }, (request, body, done) => {
    const type = request.headers['content-type'] ?? '';
    if (refusedTypes.test(type)) {
      done(
        new KolateError('KLT_MEDIA_TYPE_UNSUPPORTED', `send application/json or application/octet-stream, not ${type}`),
      );
      return;
    }
    const encoding = request.headers['content-encoding'];
    if (encoding === undefined || encoding === 'identity') done(null, body);
    else unpack(encoding, body, maxBytes, done);
  });
}

function unpack(
  encoding: string,
  packed: Buffer,
  maxBytes: number,
  done: (error: Error | null, body?: Buffer) => void,
): void {
  const unpacker = unpackers[encoding.toLowerCase()];
  if (!unpacker) {
    done(
      new KolateError('KLT_MEDIA_TYPE_UNSUPPORTED', `bodies may be packed with gzip or deflate, not with ${encoding}`),
    );
    return;
  }
  unpacker(packed, { maxOutputLength: maxBytes }, (error, body) => {
    if (!error) done(null, body);
    else if ('code' in error && error.code === 'ERR_BUFFER_TOO_LARGE') {
      done(new KolateError('KLT_BODY_TOO_LARGE', `the body unpacks to more than ${maxBytes} bytes`));
    } else
      done(new KolateError('KLT_BODY_MALFORMED', `the body cannot be unpacked with ${encoding}: ${error.message}`));
  });
}

/** The length of the JSON at the beginning of a body with binary tensors. @throws KolateError KLT_BODY_MALFORMED */
export function headerLengthOf({ headers }: FastifyRequest): number | undefined {
  const text = headers['inference-header-content-length'];
  if (text === undefined) return undefined;
  if (typeof text === 'string' && /^\d{1,12}$/.test(text)) return Number(text);
  throw new KolateError(
    'KLT_BODY_MALFORMED',
    `Inference-Header-Content-Length is ${text}; a number of bytes is expected`,
  );
}

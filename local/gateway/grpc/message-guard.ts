import { Transform } from 'node:stream';
import { KolateError } from '../../../src/contracts/errors';

const prefixBytes = 5;

/**
 * Passes a stream of gRPC messages on as it is and fails with KLT_BODY_TOO_LARGE at the first that announces more than
 * `maxBytes`. Only the prefix of each message is read: a byte for compression, four for the length.
 */
export function createMessageGuard(maxBytes: number): Transform {
  const prefix = Buffer.alloc(prefixBytes);
  let have = 0;
  let rest = 0;
  const look = (chunk: Buffer): KolateError | undefined => {
    let at = 0;
    while (at < chunk.length) {
      if (rest > 0) {
        const passed = Math.min(rest, chunk.length - at);
        rest -= passed;
        at += passed;
        continue;
      }
      const copied = chunk.copy(prefix, have, at, at + prefixBytes - have);
      have += copied;
      at += copied;
      if (have < prefixBytes) break;
      have = 0;
      rest = prefix.readUInt32BE(1);
      if (rest > maxBytes) {
        return new KolateError('KLT_BODY_TOO_LARGE', `a message of ${rest} bytes is larger than ${maxBytes}`);
      }
    }
    return undefined;
  };
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      const fault = look(chunk);
      if (fault) done(fault);
      else done(null, chunk);
    },
  });
}

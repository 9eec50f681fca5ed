import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import fc from 'fast-check';
import { createMessageGuard } from '../../../local/gateway/grpc/message-guard';

const message = (length: number): Buffer => {
  const prefix = Buffer.alloc(5);
  prefix.writeUInt32BE(length, 1);
  return Buffer.concat([prefix, Buffer.alloc(length, 'x')]);
};
/** `bytes` in pieces that end at `cuts`. */
const pieces = (bytes: Buffer, cuts: readonly number[]): Buffer[] => {
  const at = [0, ...[...cuts].map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
  return at.slice(1).map((end, index) => bytes.subarray(at[index], end));
};
const through = (chunks: readonly Buffer[], maxBytes: number): Promise<string> =>
  new Promise((resolve, reject) => {
    const guard = createMessageGuard(maxBytes).on('error', reject);
    text(Readable.from(chunks, { objectMode: false }).pipe(guard)).then(resolve, reject);
  });

const lengths = fc.array(fc.nat(40), { minLength: 1, maxLength: 6 });
const cuts = fc.array(fc.nat(400), { maxLength: 10 });

describe('the guard of gRPC messages', () => {
  it('passes messages up to the limit unchanged, however they are cut into pieces', async () => {
    await fc.assert(
      fc.asyncProperty(lengths, cuts, async (lengths, cuts) => {
        const bytes = Buffer.concat(lengths.map(message));
        expect(await through(pieces(bytes, cuts), 40)).toBe(bytes.toString());
      }),
      { numRuns: 50 },
    );
  });

  it('fails at the first message beyond it, wherever it stands', async () => {
    await fc.assert(
      fc.asyncProperty(lengths, cuts, async (lengths, cuts) => {
        const bytes = Buffer.concat([...lengths, 41].map(message));
        await expect(through(pieces(bytes, cuts), 40)).rejects.toMatchObject({ code: 'KLT_BODY_TOO_LARGE' });
      }),
      { numRuns: 50 },
    );
  });
});

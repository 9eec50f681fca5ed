import { createHash } from 'node:crypto';
import type { Rejection } from '../../../contracts/http/models';
import type { BlobStore } from '../../../platform/storage/create-blob-store';

type Expected = { readonly blobKey: string; readonly sizeBytes: number; readonly sha256: string };
export type ReadUpload =
  | { readonly ok: true; readonly bytes: Uint8Array }
  | { readonly ok: false; readonly rejection: Rejection };

const mismatch = (detail: string): ReadUpload => ({
  ok: false,
  rejection: {
    code: 'upload_mismatch',
    detail,
    hint: 'announce the version again with the size and SHA-256 of the file',
  },
});

/**
 * The file of a version, in memory, compared with what was announced while it is read; never more of it than announced.
 * @throws KolateError KLT_DEPENDENCY_UNAVAILABLE when the store does not answer
 */
export async function readUpload(blobs: Pick<BlobStore, 'stream'>, expected: Expected): Promise<ReadUpload> {
  const stream = await blobs.stream(expected.blobKey);
  if (!stream) return mismatch('the uploaded file is gone');
  const bytes = Buffer.allocUnsafeSlow(expected.sizeBytes);
  const hash = createHash('sha256');
  let length = 0;
  // Leaving the loop early destroys the stream.
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    if (length + chunk.length > expected.sizeBytes)
      return mismatch(`the file has more than ${expected.sizeBytes} bytes`);
    bytes.set(chunk, length);
    hash.update(chunk);
    length += chunk.length;
  }
  if (length < expected.sizeBytes) return mismatch(`the file has ${length} bytes, not ${expected.sizeBytes}`);
  const sha256 = hash.digest('hex');
  return sha256 === expected.sha256 ? { ok: true, bytes } : mismatch(`the SHA-256 of the file is ${sha256}`);
}

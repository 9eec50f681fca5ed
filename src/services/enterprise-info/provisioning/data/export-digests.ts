import { createHash } from 'node:crypto';
import type { LineBlobs } from './line-blobs';

/** Lowercase hex of SHA-256, as `sha256sum` prints it. */
export const digestOf = (content: string | Uint8Array): string => createHash('sha256').update(content).digest('hex');

/** The same store; `sha256` holds the digest of each blob that was put, by its key. */
export function withDigests(to: LineBlobs): {
  readonly blobs: LineBlobs;
  readonly sha256: Readonly<Record<string, string>>;
} {
  const sha256: Record<string, string> = {};
  const put: LineBlobs['put'] = async (key, body, ...rest) => {
    await to.put(key, body, ...rest);
    sha256[key] = digestOf(body);
  };
  return { blobs: { put, stream: to.stream, pages: to.pages }, sha256 };
}

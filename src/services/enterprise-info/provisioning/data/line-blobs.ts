import { createInterface } from 'node:readline';
import { KolateError } from '../../../../contracts/errors';
import type { BlobStore } from '../../../../platform/storage/create-blob-store';

export type LineBlobs = Pick<BlobStore, 'put' | 'stream' | 'pages'>;

/** A part is held in memory while it is gathered. */
const partBytes = 4 * 1024 * 1024;

/**
 * Writes lines as blobs `PREFIX/00001.ndjson`, `PREFIX/00002.ndjson` … of about 4 MiB.
 * @returns how many lines there were
 */
export async function writeLines(
  blobs: LineBlobs,
  prefix: string,
  batches: AsyncIterable<readonly string[]>,
): Promise<number> {
  let part: string[] = [];
  let bytes = 0;
  let parts = 0;
  let lines = 0;
  const flush = async (): Promise<void> => {
    if (part.length === 0) return;
    parts += 1;
    await blobs.put(
      `${prefix}/${String(parts).padStart(5, '0')}.ndjson`,
      `${part.join('\n')}\n`,
      'application/x-ndjson',
    );
    part = [];
    bytes = 0;
  };
  for await (const batch of batches) {
    for (const line of batch) {
      part.push(line);
      bytes += Buffer.byteLength(line);
      lines += 1;
      if (bytes >= partBytes) await flush();
    }
  }
  await flush();
  return lines;
}

/** The lines written under `prefix`, in their order, in batches of up to `size`. */
export async function* readLines(blobs: LineBlobs, prefix: string, size = 500): AsyncGenerator<string[]> {
  for await (const page of blobs.pages(`${prefix}/`)) {
    for (const { key } of page) yield* linesOf(blobs, key, size);
  }
}

async function* linesOf(blobs: LineBlobs, key: string, size: number): AsyncGenerator<string[]> {
  const stream = await blobs.stream(key);
  if (!stream) throw new KolateError('KLT_INTERNAL', `a part of the export is gone: ${key}`);
  let batch: string[] = [];
  for await (const line of createInterface({ input: stream, crlfDelay: Number.POSITIVE_INFINITY })) {
    batch.push(line);
    if (batch.length >= size) {
      yield batch;
      batch = [];
    }
  }
  if (batch.length > 0) yield batch;
}

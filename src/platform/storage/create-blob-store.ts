import type { Readable } from 'node:stream';
import {
  CopyObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  ListObjectVersionsCommand,
  PutObjectCommand,
  S3Client,
  type S3ClientConfig,
} from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { deleteAll, requirePrefix } from './delete-blobs';
import { ask, askForOne } from './s3-call';

export type BlobStoreOptions = {
  readonly bucket: string;
  readonly region: string;
  /** Absent on AWS. With an endpoint of our own, buckets are in the path. */
  readonly endpoint?: string;
  /** Absent where the environment or the task's role has them. */
  readonly credentials?: S3ClientConfig['credentials'];
};

export type BlobInfo = {
  readonly key: string;
  readonly sizeBytes: number;
  /** Lowercase hex, of a blob that was uploaded with it; `head` alone asks for it. */
  readonly sha256?: string;
};

export type UploadConditions = {
  readonly key: string;
  readonly sizeBytes: number;
  /** Lowercase hex, as `sha256sum` prints it. */
  readonly sha256: string;
  readonly expiresInSeconds: number;
};

/** What an uploader has to send, exactly: another size, checksum or header gets a refusal from the store. */
export type PresignedUpload = {
  readonly method: 'PUT';
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** RFC 3339. */
  readonly expiresAt: string;
};

export type BlobStore = ReturnType<typeof createBlobStore>;

const requestTimeoutMs = 30_000;

/**
 * One S3 bucket. Uploads are checked by SHA-256 on their way in; keys are ours to choose and never a caller's text.
 * All throw KolateError KLT_DEPENDENCY_UNAVAILABLE when the store does not answer.
 */
export function createBlobStore(options: BlobStoreOptions) {
  const { bucket: Bucket } = options;
  const client = new S3Client({
    region: options.region,
    endpoint: options.endpoint,
    forcePathStyle: options.endpoint !== undefined,
    credentials: options.credentials,
    maxAttempts: 3,
    // The SDK's own CRC would be signed into upload URLs, and the uploader does not send it.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    requestHandler: { connectionTimeout: 2_000, requestTimeout: requestTimeoutMs, throwOnRequestTimeout: true },
  });

  const page = (prefix: string, token: string | undefined) =>
    ask(() => client.send(new ListObjectsV2Command({ Bucket, Prefix: prefix, ContinuationToken: token })));

  /** Every blob whose key begins with `prefix`, a page of 1,000 at a time. */
  async function* pages(prefix: string): AsyncGenerator<BlobInfo[]> {
    let token: string | undefined;
    do {
      const { Contents = [], NextContinuationToken } = await page(prefix, token);
      yield Contents.map(({ Key = '', Size = 0 }) => ({ key: Key, sizeBytes: Size }));
      token = NextContinuationToken;
    } while (token !== undefined);
  }

  return {
    bucket: Bucket,

    /** A URL that takes one PUT of exactly these bytes. */
    async presignPut({ key, sizeBytes, sha256, expiresInSeconds }: UploadConditions): Promise<PresignedUpload> {
      const checksum = Buffer.from(sha256, 'hex').toString('base64');
      const command = new PutObjectCommand({
        Bucket,
        Key: key,
        ContentLength: sizeBytes,
        ChecksumSHA256: checksum,
      });
      const signedAt = Date.now();
      const url = await getSignedUrl(client, command, {
        expiresIn: expiresInSeconds,
        // As signed headers, since a checksum in the query string is not compared with the body.
        unhoistableHeaders: new Set(['x-amz-checksum-sha256']),
        signableHeaders: new Set(['host', 'content-length', 'x-amz-checksum-sha256']),
      });
      return {
        method: 'PUT',
        url,
        headers: { 'content-length': String(sizeBytes), 'x-amz-checksum-sha256': checksum },
        expiresAt: new Date(signedAt + expiresInSeconds * 1_000).toISOString(),
      };
    },

    /** Undefined where there is none. */
    async head(key: string): Promise<BlobInfo | undefined> {
      const found = await askForOne(() =>
        client.send(new HeadObjectCommand({ Bucket, Key: key, ChecksumMode: 'ENABLED' })),
      );
      const sha256 = found?.ChecksumSHA256 && Buffer.from(found.ChecksumSHA256, 'base64').toString('hex');
      return found && { key, sizeBytes: found.ContentLength ?? 0, ...(sha256 ? { sha256 } : {}) };
    },

    /** The whole blob in memory: for what is known to be small. Undefined where there is none. */
    async get(key: string): Promise<Uint8Array | undefined> {
      const found = await askForOne(() => client.send(new GetObjectCommand({ Bucket, Key: key })));
      return found?.Body?.transformToByteArray();
    },

    /** The blob as a stream, which the caller consumes or destroys. Undefined where there is none. */
    async stream(key: string): Promise<Readable | undefined> {
      const found = await askForOne(() => client.send(new GetObjectCommand({ Bucket, Key: key })));
      return found?.Body as Readable | undefined;
    },

    /** Creates or replaces. */
    async put(key: string, body: Uint8Array | string, contentType = 'application/octet-stream'): Promise<void> {
      const Body = typeof body === 'string' ? Buffer.from(body) : body;
      await ask(() =>
        client.send(
          new PutObjectCommand({ Bucket, Key: key, Body, ContentType: contentType, ChecksumAlgorithm: 'SHA256' }),
        ),
      );
    },

    /** Copies a blob of another bucket within the store. @returns false when it is not there */
    async copyFrom(source: { readonly bucket: string; readonly key: string }, key: string): Promise<boolean> {
      const CopySource = `${source.bucket}/${source.key.split('/').map(encodeURIComponent).join('/')}`;
      const copied = await askForOne(() => client.send(new CopyObjectCommand({ Bucket, Key: key, CopySource })));
      return copied !== undefined;
    },

    pages,

    /** How many blobs have a key that begins with `prefix`. */
    async count(prefix: string): Promise<number> {
      let count = 0;
      for await (const blobs of pages(prefix)) count += blobs.length;
      return count;
    },

    /** Also when it is gone already. */
    async delete(key: string): Promise<void> {
      await deleteAll(client, Bucket, [{ Key: key }]);
    },

    /** Deletes every blob whose key begins with `prefix`. @returns how many there were */
    async deletePrefix(prefix: string): Promise<number> {
      requirePrefix(prefix);
      let count = 0;
      for await (const blobs of pages(prefix)) {
        await deleteAll(
          client,
          Bucket,
          blobs.map(({ key }) => ({ Key: key })),
        );
        count += blobs.length;
      }
      return count;
    },

    /** As `deletePrefix`, with every earlier version that a versioned bucket keeps: nothing can be brought back. */
    async purgePrefix(prefix: string): Promise<void> {
      requirePrefix(prefix);
      for (;;) {
        // What has been deleted is not listed again: always the first page.
        const { Versions = [], DeleteMarkers = [] } = await ask(() =>
          client.send(new ListObjectVersionsCommand({ Bucket, Prefix: prefix })),
        );
        const all = [...Versions, ...DeleteMarkers];
        if (all.length === 0) return;
        await deleteAll(client, Bucket, all);
      }
    },

    /** @throws KolateError KLT_DEPENDENCY_UNAVAILABLE */
    async ping(): Promise<void> {
      await ask(() => client.send(new ListObjectsV2Command({ Bucket, MaxKeys: 1 })));
    },

    close: () => client.destroy(),
  };
}

import { DeleteObjectsCommand, type ObjectIdentifier, type S3Client } from '@aws-sdk/client-s3';
import { KolateError } from '../../contracts/errors';
import { ask } from './s3-call';

const deleteBatch = 1_000;

/** An empty prefix is the whole bucket, every tenant's. */
export function requirePrefix(prefix: string): void {
  if (prefix.length < 2) throw new KolateError('KLT_INTERNAL', 'a prefix to delete by has to name something');
}

/** Those that are gone already are no failure. */
export async function deleteAll(
  client: S3Client,
  Bucket: string,
  all: readonly Partial<ObjectIdentifier>[],
): Promise<void> {
  for (let start = 0; start < all.length; start += deleteBatch) {
    const Objects = all.slice(start, start + deleteBatch).map(({ Key = '', VersionId }) => ({ Key, VersionId }));
    const { Errors = [] } = await ask(() =>
      client.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects, Quiet: true } })),
    );
    const first = Errors.find(({ Code }) => Code !== 'NoSuchKey');
    if (first) {
      throw new KolateError(
        'KLT_DEPENDENCY_UNAVAILABLE',
        `the object store did not delete ${first.Key}: ${first.Code}`,
      );
    }
  }
}

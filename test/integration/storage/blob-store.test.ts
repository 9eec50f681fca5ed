import { createHash } from 'node:crypto';
import { PutBucketVersioningCommand, S3Client } from '@aws-sdk/client-s3';
import { type BlobStore, createBlobStore, type PresignedUpload } from '../../../src/platform/storage/create-blob-store';
import { testS3 } from '../../helpers/engines';

let s3: Awaited<ReturnType<typeof testS3>>;
let store: BlobStore;
let versioned: BlobStore;
const open = (bucket: string): BlobStore =>
  createBlobStore({ bucket, region: s3.region, endpoint: s3.endpoint, credentials: s3 });

beforeAll(async () => {
  s3 = await testS3();
  store = open(await s3.createBucket());
  versioned = open(await s3.createBucket());
  const admin = new S3Client({ region: s3.region, endpoint: s3.endpoint, forcePathStyle: true, credentials: s3 });
  const enabled = { Bucket: versioned.bucket, VersioningConfiguration: { Status: 'Enabled' as const } };
  await admin.send(new PutBucketVersioningCommand(enabled));
  admin.destroy();
});
afterAll(() => {
  store.close();
  versioned.close();
});

const bytes = Buffer.from('the bytes of a model');
const sha256 = createHash('sha256').update(bytes).digest('hex');
const upload = ({ url, method, headers }: PresignedUpload, body: Uint8Array, change: Record<string, string> = {}) => {
  const { 'content-length': _set, ...rest } = headers;
  return fetch(url, { method, body, headers: { ...rest, ...change } }).then(async (answer) => {
    await answer.arrayBuffer();
    return answer.status;
  });
};

describe('an upload by a presigned URL', () => {
  const presign = (key: string) => store.presignPut({ key, sizeBytes: bytes.length, sha256, expiresInSeconds: 60 });

  it('takes exactly the announced bytes, and remembers their checksum', async () => {
    const presigned = await presign('models/one');
    expect(presigned.headers).toEqual({
      'content-length': '20',
      'x-amz-checksum-sha256': Buffer.from(sha256, 'hex').toString('base64'),
    });
    expect(await upload(presigned, bytes)).toBe(200);
    expect(await store.head('models/one')).toEqual({ key: 'models/one', sizeBytes: 20, sha256 });
    expect(Buffer.from((await store.get('models/one')) ?? [])).toEqual(bytes);
  });

  it.each([
    ['a changed byte', Buffer.from('The bytes of a model'), {}],
    ['a byte too many', Buffer.concat([bytes, Buffer.from('!')]), {}],
    ['another checksum', bytes, { 'x-amz-checksum-sha256': createHash('sha256').update('x').digest('base64') }],
  ])('refuses %s', async (what, body, change) => {
    const key = `refused/${what}`;
    const status = await upload(await presign(key), body, change).catch(() => 'cut off');
    expect([400, 403, 'cut off']).toContain(status);
    expect(await store.head(key)).toBeUndefined();
  });

  it('is good for its own key alone', async () => {
    const presigned = await presign('mine');
    const elsewhere = { ...presigned, url: presigned.url.replace('/mine', '/yours') };
    expect(await upload(elsewhere, bytes)).toBe(403);
    expect(await store.head('yours')).toBeUndefined();
  });
});

describe('a blob store', () => {
  it('answers nothing for what is not there, and takes its delete', async () => {
    expect(await store.head('nowhere')).toBeUndefined();
    expect(await store.get('nowhere')).toBeUndefined();
    expect(await store.stream('nowhere')).toBeUndefined();
    await store.delete('nowhere');
  });

  it('streams what was put, and forgets what was deleted', async () => {
    await store.put('stream/ünï code', 'text', 'text/plain');
    const stream = await store.stream('stream/ünï code');
    expect(Buffer.concat((await stream?.toArray()) ?? []).toString()).toBe('text');
    await store.delete('stream/ünï code');
    expect(await store.head('stream/ünï code')).toBeUndefined();
  });

  it('lists, counts and deletes by prefix, and by no prefix nothing', async () => {
    await Promise.all(Array.from({ length: 25 }, (_, n) => store.put(`many/${n}`, 'x')));
    await store.put('manyfold/1', 'stays');
    expect(await store.count('many/')).toBe(25);
    expect(await store.deletePrefix('many/')).toBe(25);
    expect(await store.count('many')).toBe(1);
    await expect(store.deletePrefix('')).rejects.toMatchObject({ code: 'KLT_INTERNAL' });
  });

  it('copies from another bucket', async () => {
    await versioned.put('models/a b/ü', 'content');
    expect(await store.copyFrom({ bucket: versioned.bucket, key: 'models/a b/ü' }, 'copied')).toBe(true);
    expect(Buffer.from((await store.get('copied')) ?? []).toString()).toBe('content');
    expect(await store.copyFrom({ bucket: versioned.bucket, key: 'nowhere' }, 'copied')).toBe(false);
  });

  it('purges every version, so that nothing can be brought back', async () => {
    await versioned.put('secret/1', 'first');
    await versioned.put('secret/1', 'second');
    await versioned.put('secret/2', 'gone already');
    await versioned.delete('secret/2');
    await versioned.put('public/1', 'stays');
    await versioned.purgePrefix('secret/');
    const admin = new S3Client({ region: s3.region, endpoint: s3.endpoint, forcePathStyle: true, credentials: s3 });
    const { ListObjectVersionsCommand } = await import('@aws-sdk/client-s3');
    const left = await admin.send(new ListObjectVersionsCommand({ Bucket: versioned.bucket }));
    admin.destroy();
    const keys = [...(left.Versions ?? []), ...(left.DeleteMarkers ?? [])].map(({ Key }) => Key);
    expect(keys.filter((key) => key?.startsWith('secret/'))).toEqual([]);
    expect(keys).toContain('public/1');
  });

  it('says that it is away as what it is', async () => {
    const away = createBlobStore({ bucket: 'b', region: 'x', endpoint: 'http://127.0.0.1:9', credentials: s3 });
    await expect(away.get('x')).rejects.toMatchObject({ code: 'KLT_DEPENDENCY_UNAVAILABLE', retryable: true });
    await expect(away.ping()).rejects.toMatchObject({ code: 'KLT_DEPENDENCY_UNAVAILABLE' });
    away.close();
  });
});

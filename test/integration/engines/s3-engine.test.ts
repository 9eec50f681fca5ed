import {
  CreateBucketCommand,
  GetObjectCommand,
  ListObjectVersionsCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { createS3Engine, type S3Endpoint } from '../../../local/engines/s3-engine';
import { createOwnEngines } from '../../helpers/own-engines';

const engines = createOwnEngines();
afterAll(() => engines.end());

const connect = (credentials: S3Endpoint) =>
  new S3Client({ endpoint: credentials.endpoint, region: credentials.region, forcePathStyle: true, credentials });

it('keeps every version of an object over kill -9', async () => {
  const engine = createS3Engine({ ...(await engines.place('s3')), accessKeyId: 'key', secretAccessKey: 'secret' });
  const running = await engines.start(engine);
  const client = connect(engine.endpoint);
  const Bucket = 'models';
  await client.send(new CreateBucketCommand({ Bucket }));
  await client.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status: 'Enabled' } }));
  for (const Body of ['one', 'two']) await client.send(new PutObjectCommand({ Bucket, Key: 'a/b', Body }));
  process.kill(running.pid, 'SIGKILL');
  await running.exited;
  await engines.start(engine);
  const { Body } = await client.send(new GetObjectCommand({ Bucket, Key: 'a/b' }));
  expect(await Body?.transformToString()).toBe('two');
  const { Versions } = await client.send(new ListObjectVersionsCommand({ Bucket }));
  expect(Versions).toHaveLength(2);
  client.destroy();
});

it('refuses a request that is signed with another secret', async () => {
  const engine = createS3Engine({ ...(await engines.place('closed')), accessKeyId: 'key', secretAccessKey: 'secret' });
  await engines.start(engine);
  const client = connect({ ...engine.endpoint, secretAccessKey: 'other' });
  await expect(client.send(new CreateBucketCommand({ Bucket: 'mine' }))).rejects.toMatchObject({
    name: 'SignatureDoesNotMatch',
  });
  client.destroy();
});

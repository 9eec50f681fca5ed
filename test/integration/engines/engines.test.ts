import { ListBucketsCommand, S3Client } from '@aws-sdk/client-s3';
import Redis from 'ioredis';
import { Kafka, logLevel } from 'kafkajs';
import { MongoClient } from 'mongodb';
import { Client } from 'pg';
import { testKafka, testMongo, testPostgres, testRedis, testS3 } from '../../helpers/engines';

it('gives a test file a PostgreSQL 18 database of its own', async () => {
  const postgres = await testPostgres();
  const database = await postgres.createDatabase();
  const client = new Client({ connectionString: database.url });
  await client.connect();
  const { rows } = await client.query(
    "select current_database() as name, current_setting('server_version_num')::int as version",
  );
  await client.end();
  await database.drop();
  expect(rows[0].name).toBe(database.name);
  expect(rows[0].version).toBeGreaterThanOrEqual(180_000);
});

it('gives a document store', async () => {
  const mongo = await testMongo();
  const database = await mongo.createDatabase();
  const client = await MongoClient.connect(mongo.url);
  const things = client.db(database.name).collection('thing');
  await things.insertOne({ a: 1 });
  expect(await things.countDocuments({ a: 1 })).toBe(1);
  await client.close();
  await database.drop();
});

it('gives a Valkey', async () => {
  const { url, uniquePrefix } = await testRedis();
  const redis = new Redis(url);
  const key = `${uniquePrefix()}a`;
  await redis.set(key, 'b');
  expect(await redis.get(key)).toBe('b');
  redis.disconnect();
});

it('gives a Kafka', async () => {
  const { brokers, uniqueTopic, createTopics } = await testKafka();
  const topic = uniqueTopic('thing');
  await createTopics([topic], 2);
  const producer = new Kafka({ brokers: [brokers], logLevel: logLevel.NOTHING }).producer();
  await producer.connect();
  const [sent] = await producer.send({ topic, messages: [{ value: 'a' }] });
  await producer.disconnect();
  expect(sent?.baseOffset).toBe('0');
});

it('gives an S3', async () => {
  const s3 = await testS3();
  const bucket = await s3.createBucket();
  const client = new S3Client({ endpoint: s3.endpoint, region: s3.region, forcePathStyle: true, credentials: s3 });
  const { Buckets } = await client.send(new ListBucketsCommand({}));
  expect(Buckets?.map(({ Name }) => Name)).toContain(bucket);
  client.destroy();
});

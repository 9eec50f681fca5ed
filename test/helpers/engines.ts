// Real engines for integration and e2e tests: one set a run, each started when a test first asks for it.
//
//   const postgres = await testPostgres();                      // in beforeAll
//   const database = await postgres.createDatabase();           // own database, as superuser: { name, url, drop }
//   afterAll(() => database.drop());
//   const migrated = await postgres.template('core', (url) => migrate(url));  // built once a run, by whoever comes first
//   const copy = await postgres.createDatabase(migrated);
//
//   const kafka = await testKafka();   { brokers, uniqueTopic('model.lifecycle.v1'), createTopics([...]) }
//   const redis = await testRedis();   { url, uniquePrefix() }
//   const mongo = await testMongo();   { url, createDatabase() → { name, drop } }
//   const s3 = await testS3();         { endpoint, region, accessKeyId, secretAccessKey, createBucket() }
//
// Run one file: npx jest --selectProjects integration -- test/integration/…  (the engines come from the cache).
import { randomBytes } from 'node:crypto';
import { request } from 'node:http';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { Kafka, logLevel } from 'kafkajs';
import { MongoClient } from 'mongodb';
import { Client } from 'pg';
import type { DatabaseEndpoint } from '../../local/engines/engine';
import type { KafkaEndpoint } from '../../local/engines/kafka-engine';
import type { S3Endpoint } from '../../local/engines/s3-engine';
import { ensureTopics } from '../../src/platform/kafka/ensure-topics';
import { createNamespace } from '../../src/platform/kafka/namespace';
import { restWhenIdle } from '../../src/platform/kafka/rest-when-idle';

const kept = { retentionMs: -1, compacted: false, consumed: false };

export type TestDatabase = { readonly name: string; readonly url: string; readonly drop: () => Promise<void> };

export async function testPostgres() {
  const { url: adminUrl } = await endpoint<DatabaseEndpoint>('postgres');
  const urlOf = (name: string) => Object.assign(new URL(adminUrl), { pathname: `/${name}` }).href;
  return {
    /** Of the superuser, on the database `postgres`. */
    adminUrl,
    urlOf,
    async createDatabase(template = 'template1'): Promise<TestDatabase> {
      const name = `test_${randomId()}`;
      await asAdmin(adminUrl, (client) => client.query(`create database ${name} template ${template}`));
      const drop = async () => {
        await asAdmin(adminUrl, (client) => client.query(`drop database if exists ${name} with (force)`));
      };
      return { name, url: urlOf(name), drop };
    },
    /** The name of a database that `build` has filled once in this run; `build` has to close its connections. */
    async template(key: string, build: (url: string) => Promise<void>): Promise<string> {
      const name = `template_${key.replace(/\W/g, '_')}`;
      await asAdmin(adminUrl, async (client) => {
        await client.query('select pg_advisory_lock(hashtext($1))', [name]);
        const known = await client.query('select 1 from pg_database where datname = $1 and datistemplate', [name]);
        if (known.rowCount) return;
        await client.query(`drop database if exists ${name}`);
        await client.query(`create database ${name}`);
        await build(urlOf(name));
        await client.query(`alter database ${name} is_template true`);
      });
      return name;
    },
  };
}

export async function testKafka() {
  const { brokers } = await endpoint<KafkaEndpoint>('kafka');
  return {
    brokers,
    uniqueTopic: (topic: string): string => `${topic}.${randomId()}`,
    async createTopics(topics: readonly string[], numPartitions = 1): Promise<void> {
      restWhenIdle();
      const client = new Kafka({ brokers: [brokers], clientId: 'test-setup', logLevel: logLevel.NOTHING });
      const asked = topics.map((name) => ({ name, partitions: numPartitions, ...kept }));
      await ensureTopics(client, createNamespace(''), asked);
    },
  };
}

export async function testRedis() {
  const { url } = await endpoint<DatabaseEndpoint>('valkey');
  return { url, uniquePrefix: (): string => `test:${randomId()}:` };
}

/** Of the administrators: for tests of who makes tenants' users in the shared engines. */
export async function testSharedEngines() {
  const [postgres, documentPostgres, document, valkey] = await Promise.all([
    endpoint<DatabaseEndpoint>('postgres'),
    endpoint<DatabaseEndpoint>('document-postgres'),
    endpoint<DatabaseEndpoint>('mongo'),
    endpoint<DatabaseEndpoint>('valkey'),
  ]);
  return { postgres, documentPostgres, document, valkey };
}

export async function testMongo() {
  const { url } = await endpoint<DatabaseEndpoint>('mongo');
  return {
    url,
    async createDatabase(): Promise<{ readonly name: string; readonly drop: () => Promise<void> }> {
      const name = `test_${randomId()}`;
      const drop = async () => {
        const client = await MongoClient.connect(url);
        await client.db(name).dropDatabase();
        await client.close();
      };
      return { name, drop };
    },
  };
}

export async function testS3() {
  const s3 = await endpoint<S3Endpoint>('s3');
  return {
    ...s3,
    async createBucket(): Promise<string> {
      const bucket = `test-${randomId()}`;
      const client = new S3Client({ endpoint: s3.endpoint, region: s3.region, forcePathStyle: true, credentials: s3 });
      await client.send(new CreateBucketCommand({ Bucket: bucket }));
      client.destroy();
      return bucket;
    },
  };
}

const randomId = () => randomBytes(6).toString('hex');

async function asAdmin<T>(url: string, act: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return await act(client);
  } finally {
    await client.end();
  }
}

function endpoint<E>(engine: string): Promise<E> {
  const socketPath = process.env.KOLATE_TEST_ENGINES;
  if (!socketPath) throw new Error('engines are there in the projects integration and e2e only');
  return new Promise((resolve, reject) => {
    const ask = request({ socketPath, path: `/${engine}`, agent: false }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => {
        const text = Buffer.concat(chunks).toString();
        if (response.statusCode === 200) resolve(JSON.parse(text) as E);
        else reject(new Error(text));
      });
    });
    ask.on('error', reject);
    ask.end();
  });
}

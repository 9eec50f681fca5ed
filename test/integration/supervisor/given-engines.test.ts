import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Client } from 'pg';
import { chooseEngines } from '../../../local/supervisor/given-engines';
import { testKafka, testMongo, testPostgres, testRedis } from '../../helpers/engines';
import { freePort } from '../../helpers/start-issuer';

it('takes the engines that the environment names, when they are recent enough, and says why', async () => {
  const [postgres, mongo, redis, kafka] = await Promise.all([testPostgres(), testMongo(), testRedis(), testKafka()]);
  const env = {
    KOLATE_POSTGRES_URL: postgres.adminUrl,
    KOLATE_MONGODB_URL: mongo.url,
    KOLATE_REDIS_URL: redis.url,
    KOLATE_KAFKA_BROKERS: kafka.brokers,
  };
  const { given, lines } = await chooseEngines(env);
  const { port, username } = new URL(postgres.adminUrl);
  expect(given.postgres).toMatchObject({ port: Number(port), user: username, url: postgres.adminUrl });
  expect(given.document?.url).toBe(mongo.url);
  expect(given.valkey?.url).toBe(redis.url);
  expect(given.kafka).toEqual({ brokers: kafka.brokers });
  expect(given.s3).toBeUndefined();
  expect(lines).toContain('PostgreSQL: yours, since KOLATE_POSTGRES_URL is set');
});

it('takes none where none is named', async () => {
  expect((await chooseEngines({ PATH: '' })).given).toEqual({});
});

it('refuses an engine that lets nobody in, without telling its address', async () => {
  const url = new URL((await testPostgres()).adminUrl);
  url.password = 'not-the-password';
  const refused = chooseEngines({ KOLATE_POSTGRES_URL: url.href });
  await expect(refused).rejects.toThrow(
    /PostgreSQL that KOLATE_POSTGRES_URL names will not do: .*authentication failed/,
  );
  await expect(refused).rejects.not.toThrow('not-the-password');
});

it('says which variable names an engine that does not answer, and what it met', async () => {
  const port = await freePort();
  await expect(chooseEngines({ KOLATE_REDIS_URL: `redis://:hidden@127.0.0.1:${port}` })).rejects.toThrow(
    `the Redis that KOLATE_REDIS_URL names will not do: connect ECONNREFUSED 127.0.0.1:${port}`,
  );
  await expect(chooseEngines({ KOLATE_KAFKA_BROKERS: `127.0.0.1:${port}` })).rejects.toThrow(
    /the Kafka that KOLATE_KAFKA_BROKERS names will not do: .*ECONNREFUSED/,
  );
});

it('refuses what does not speak as Kafka does', async () => {
  const web = createServer((_request, response) => response.end('hello'));
  await new Promise<void>((done) => web.listen(0, '127.0.0.1', done));
  const brokers = `127.0.0.1:${(web.address() as AddressInfo).port}`;
  await expect(chooseEngines({ KOLATE_KAFKA_BROKERS: brokers })).rejects.toThrow('it does not speak as Kafka does');
  web.closeAllConnections();
  web.close();
});

it('refuses a role that could make no databases and roles', async () => {
  const { adminUrl } = await testPostgres();
  const admin = new Client({ connectionString: adminUrl });
  await admin.connect();
  await admin.query(`create role given_engines_test login password 'of the test'`);
  try {
    const url = new URL(adminUrl);
    url.username = 'given_engines_test';
    url.password = 'of the test';
    await expect(chooseEngines({ KOLATE_POSTGRES_URL: url.href })).rejects.toThrow('has to be a superuser');
  } finally {
    await admin.query('drop role given_engines_test');
    await admin.end();
  }
});

it('needs credentials beside an S3 endpoint', async () => {
  const s3 = createServer((_request, response) => response.writeHead(403).end());
  await new Promise<void>((done) => s3.listen(0, '127.0.0.1', done));
  const endpoint = `http://127.0.0.1:${(s3.address() as AddressInfo).port}`;
  await expect(chooseEngines({ KOLATE_S3_ENDPOINT: endpoint })).rejects.toThrow('AWS_ACCESS_KEY_ID');
  const keys = { AWS_ACCESS_KEY_ID: 'id', AWS_SECRET_ACCESS_KEY: 'secret' };
  expect((await chooseEngines({ KOLATE_S3_ENDPOINT: endpoint, ...keys })).given.s3).toMatchObject({ endpoint });
  s3.closeAllConnections();
  s3.close();
});

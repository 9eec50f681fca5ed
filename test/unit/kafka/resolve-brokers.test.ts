import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { resolveBrokers } from '../../../src/platform/kafka/resolve-brokers';

const arn = 'arn:aws:kafka:eu-central-1:123456789012:cluster/kolate/0b1c';
let server: Server;
let asked: { url: string | undefined; authorization: string | undefined }[] = [];
let answer: { status: number; body: unknown };

beforeAll(async () => {
  server = createServer((request, response) => {
    asked.push({ url: request.url, authorization: request.headers.authorization });
    response.writeHead(answer.status, { 'content-type': 'application/json' }).end(JSON.stringify(answer.body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterAll(() => new Promise((resolve) => server.close(resolve)));
beforeEach(() => {
  asked = [];
});

const resolve = (env: Parameters<typeof resolveBrokers>[0]) =>
  resolveBrokers(env, {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    credentials: { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 's' },
    maxAttempts: 1,
  });

it('takes the brokers that the environment names, and asks nobody', async () => {
  const env = { KOLATE_KAFKA_BROKERS: 'one:9092, two:9092,', KOLATE_KAFKA_CLUSTER_ARN: arn };
  expect(await resolve(env)).toEqual({ brokers: ['one:9092', 'two:9092'], tls: false });
  expect(asked).toEqual([]);
});

it('asks MSK for the brokers of the cluster, in the region of its ARN', async () => {
  answer = {
    status: 200,
    body: { bootstrapBrokerString: 'b1:9092', bootstrapBrokerStringTls: 'b1.example:9094,b2.example:9094' },
  };
  expect(await resolve({ KOLATE_KAFKA_CLUSTER_ARN: arn })).toEqual({
    brokers: ['b1.example:9094', 'b2.example:9094'],
    tls: true,
  });
  expect(asked[0]?.url).toBe(`/v1/clusters/${encodeURIComponent(arn)}/bootstrap-brokers`);
  expect(asked[0]?.authorization).toContain('/eu-central-1/kafka/aws4_request');
});

it('signs in with IAM where the cluster takes it, as whoever asks MSK', async () => {
  answer = {
    status: 200,
    body: { bootstrapBrokerStringTls: 'b1.example:9094', bootstrapBrokerStringSaslIam: 'b1.example:9098' },
  };
  const { token, ...brokers } = await resolve({ KOLATE_KAFKA_CLUSTER_ARN: arn });
  expect(brokers).toEqual({ brokers: ['b1.example:9098'], tls: true });
  const url = new URL(Buffer.from((await token?.()) ?? '', 'base64url').toString());
  expect(url.host).toBe('kafka.eu-central-1.amazonaws.com');
  expect(url.searchParams.get('X-Amz-Credential')).toContain('AKIDEXAMPLE/');
});

it('takes no brokers without TLS', async () => {
  answer = { status: 200, body: { bootstrapBrokerString: 'b1:9092' } };
  await expect(resolve({ KOLATE_KAFKA_CLUSTER_ARN: arn })).rejects.toMatchObject({ code: 'KLT_CONFIG_INVALID' });
});

it('says what is missing', async () => {
  await expect(resolve({})).rejects.toMatchObject({ code: 'KLT_CONFIG_INVALID' });
  await expect(resolve({ KOLATE_KAFKA_CLUSTER_ARN: 'kolate' })).rejects.toMatchObject({ code: 'KLT_CONFIG_INVALID' });
});

it('says that MSK does not answer when it does not', async () => {
  answer = { status: 503, body: { message: 'no' } };
  await expect(resolve({ KOLATE_KAFKA_CLUSTER_ARN: arn })).rejects.toMatchObject({
    code: 'KLT_DEPENDENCY_UNAVAILABLE',
  });
});

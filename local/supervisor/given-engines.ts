import type { DatabaseEndpoint } from '../engines/engine';
import type { KafkaEndpoint } from '../engines/kafka-engine';
import { isKafka } from '../engines/kafka-process';
import type { S3Endpoint } from '../engines/s3-engine';
import { resolveLocally } from '../setup/resolve.mjs';

type Env = Readonly<Record<string, string | undefined>>;

/** Engines of the user's own that are used instead of ours. */
export type GivenEngines = {
  readonly postgres?: DatabaseEndpoint;
  readonly document?: DatabaseEndpoint;
  readonly valkey?: DatabaseEndpoint;
  readonly kafka?: KafkaEndpoint;
  readonly s3?: S3Endpoint;
};
export type Choice = {
  readonly given: GivenEngines /** Which engine is used and why, for people. */;
  readonly lines: string[];
};

const titles = { postgres: 'PostgreSQL', document: 'MongoDB', valkey: 'Redis', kafka: 'Kafka', s3: 'S3' } as const;

/**
 * Asks each engine that the environment names whether it answers and is recent enough.
 * @throws Error for people, before anything is started: we may have none of our own to use instead
 */
export async function chooseEngines(env: Env): Promise<Choice> {
  const { engines } = resolveLocally(env);
  const given = await Promise.all([
    use('postgres', 'KOLATE_POSTGRES_URL', env, givenPostgres),
    use('document', 'KOLATE_MONGODB_URL', env, givenMongo),
    use('valkey', 'KOLATE_REDIS_URL', env, givenRedis),
    use('kafka', 'KOLATE_KAFKA_BROKERS', env, givenKafka),
    use('s3', 'KOLATE_S3_ENDPOINT', env, (endpoint) => givenS3(endpoint, env)),
  ]);
  const lines = Object.values(engines)
    .filter(({ source }) => source !== 'cache')
    .map(
      ({ engine, why, source }) =>
        `${titles[engine]}: ${source === 'path' ? 'the one on PATH' : 'yours'}, since ${why}`,
    );
  return { given: Object.assign({}, ...given), lines };
}

async function use<E>(
  name: keyof typeof titles,
  variable: string,
  env: Env,
  look: (url: string) => Promise<E>,
): Promise<Partial<Record<string, E>>> {
  const url = env[variable];
  if (!url) return {};
  try {
    return { [name]: await look(url) };
  } catch (error) {
    // Without the whole address, which may hold a password.
    throw new Error(`the ${titles[name]} that ${variable} names will not do: ${reason(error)}`);
  }
}

const reason = (error: unknown): string =>
  typeof error === 'object' && error !== null && 'message' in error && error.message
    ? String(error.message)
    : String(error);

const timeoutMs = 5_000;

function endpointOf(text: string, defaultPort: number): DatabaseEndpoint {
  const url = new URL(text);
  return {
    host: url.hostname,
    port: Number(url.port || defaultPort),
    user: decodeURIComponent(url.username),
    password: decodeURIComponent(url.password),
    url: text,
  };
}

const atLeast = (found: string, wanted: number): void => {
  if (Number.parseInt(found, 10) < wanted) throw new Error(`it is version ${found}, and ${wanted} is needed`);
};

async function givenPostgres(url: string): Promise<DatabaseEndpoint> {
  const { Client } = await import('pg');
  const client = new Client({ connectionString: url, connectionTimeoutMillis: timeoutMs, query_timeout: timeoutMs });
  client.on('error', () => undefined);
  try {
    await client.connect();
    const { rows } = await client.query(
      `select current_setting('server_version') as version, rolsuper from pg_roles where rolname = current_user`,
    );
    atLeast(String(rows[0]?.version), 18);
    if (rows[0]?.rolsuper !== true) throw new Error('its role has to be a superuser, to make databases and roles');
    return endpointOf(url, 5432);
  } finally {
    await client.end().catch(() => undefined);
  }
}

async function givenMongo(url: string): Promise<DatabaseEndpoint> {
  const { MongoClient } = await import('mongodb');
  const client = new MongoClient(url, { serverSelectionTimeoutMS: timeoutMs });
  try {
    const { version } = await client.db('admin').command({ buildInfo: 1 });
    atLeast(String(version), 7);
    return endpointOf(url, 27_017);
  } finally {
    await client.close();
  }
}

async function givenRedis(url: string): Promise<DatabaseEndpoint> {
  const { Redis } = await import('ioredis');
  const redis = new Redis(url, { lazyConnect: true, retryStrategy: null, connectTimeout: timeoutMs });
  // What `connect` fails with says only that it failed.
  let cause: unknown;
  redis.on('error', (error) => {
    cause = error;
  });
  try {
    await redis.connect().catch((error: unknown) => {
      throw cause ?? error;
    });
    const info = await redis.info('server');
    atLeast(info.match(/redis_version:(\S+)/)?.[1] ?? '0', 7);
    return endpointOf(url, 6379);
  } finally {
    redis.disconnect();
  }
}

async function givenKafka(brokers: string): Promise<KafkaEndpoint> {
  const answers = await Promise.any(
    brokers.split(',').map((broker) => {
      const { hostname, port } = new URL(`kafka://${broker.trim()}`);
      return isKafka(Number(port || 9092), hostname);
    }),
  ).catch((error: AggregateError) => {
    throw error.errors[0];
  });
  if (!answers) throw new Error('it does not speak as Kafka does');
  return { brokers };
}

async function givenS3(endpoint: string, env: Env): Promise<S3Endpoint> {
  const accessKeyId = env.AWS_ACCESS_KEY_ID;
  const secretAccessKey = env.AWS_SECRET_ACCESS_KEY;
  if (!accessKeyId || !secretAccessKey) throw new Error('AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY go with it');
  const answer = await fetch(endpoint, { signal: AbortSignal.timeout(timeoutMs) });
  if (answer.status >= 500) throw new Error(`it answers HTTP ${answer.status}`);
  return { endpoint, accessKeyId, secretAccessKey, region: env.AWS_REGION ?? 'us-east-1' };
}

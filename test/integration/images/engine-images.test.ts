import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, chown, mkdir } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { Redis } from 'ioredis';
import { MongoClient } from 'mongodb';
import { Client } from 'pg';
import { findEnginePaths } from '../../../local/engines/engine-paths';
import { holdFreePort } from '../../../local/engines/free-port';
import { scratchFolder } from '../../helpers/scratch-folder';
import { selfSigned } from '../../helpers/self-signed';
import { until } from '../../helpers/until';

type Variables = Readonly<Record<string, string>>;
const tenantId = '0190a0a0-0000-7000-8000-000000000001';
const paths = findEnginePaths();
const programs = {
  postgres: paths.postgresBin,
  mongo: [paths.documentPostgresBin, dirname(paths.ferretdb)].join(':'),
  valkey: dirname(paths.valkeyServer),
};

/** The entry script of an image as its container would run it: its user, its volumes, its variables; on engines of here. */
async function openImage(image: keyof typeof programs) {
  const folder = scratchFolder(`image-${image}`);
  // The engines' account has to pass.
  await chmod(folder, 0o711);
  const { uid, gid } = paths.user ?? {};
  const [data, run] = [join(folder, 'data'), join(folder, 'run')];
  for (const each of [data, run]) {
    await mkdir(each);
    if (uid !== undefined && gid !== undefined) await chown(each, uid, gid);
  }
  const ports = await Promise.all([holdFreePort(), holdFreePort()]);
  await Promise.all(ports.map(({ release }) => release()));
  const [port, storePort] = ports.map((each) => each.port) as [number, number];
  const { certificate, key } = selfSigned();
  const variables = {
    ...{ PATH: `${programs[image]}:/usr/bin:/bin`, DATA: data, RUN: run, TENANT_ID: tenantId },
    ...{ PORT: String(port), STORE_PORT: String(storePort), TLS_CERTIFICATE: certificate, TLS_KEY: key },
  };
  const script = (name: string) => resolve('images', image, name);
  let running: ChildProcess | undefined;
  const said: string[] = [];
  return {
    port,
    ca: certificate,
    said,
    async start(secrets: Variables): Promise<void> {
      const env = { ...variables, ...secrets };
      const child = spawn(script('start'), { cwd: run, env, uid, gid, stdio: ['ignore', 'pipe', 'pipe'] });
      for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => said.push(String(text)));
      running = child;
      await until(async () => {
        if (child.exitCode !== null) return true;
        const [code] = await once(spawn(script('healthcheck'), { env, cwd: run, uid, gid, stdio: 'ignore' }), 'exit');
        return code === 0;
      }, 40_000);
      if (child.exitCode !== null) throw new Error(said.join(''));
    },
    /** @returns the exit code */
    async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<number | null> {
      if (!running || running.exitCode !== null) return null;
      const ended = once(running, 'exit');
      running.kill(signal);
      const [code] = await ended;
      return code;
    },
  };
}
type Image = Awaited<ReturnType<typeof openImage>>;

describe('the image of PostgreSQL', () => {
  let image: Image;
  beforeAll(async () => {
    image = await openImage('postgres');
    await image.start({ PASSWORD: "it's-the-first" });
  });
  afterAll(() => image?.stop('SIGINT'));

  const asking = async (password: string, sql: string, change: object = {}) => {
    const ssl = { ca: image.ca, servername: 'localhost' };
    const at = { host: '127.0.0.1', port: image.port, user: 'app', password, database: 'tenant', ssl };
    const client = new Client({ ...at, ...change });
    await client.connect();
    try {
      return (await client.query(sql)).rows;
    } finally {
      await client.end();
    }
  };

  it('lets the tenant into its database with the password of its secret, over TLS alone', async () => {
    expect(await asking("it's-the-first", 'select current_user as user')).toEqual([{ user: 'app' }]);
    await expect(asking('another', 'select 1')).rejects.toThrow('password authentication failed');
    await expect(asking("it's-the-first", 'select 1', { ssl: false })).rejects.toThrow('pg_hba.conf');
  });

  it('gives the tenant nothing beyond it', async () => {
    await expect(asking("it's-the-first", 'create role other')).rejects.toThrow('permission denied');
    await expect(asking("it's-the-first", 'create database other')).rejects.toThrow('permission denied');
  });

  it('keeps its data over a restart, and takes the password that the secret has then', async () => {
    await asking("it's-the-first", 'create table kept as select 1 as n');
    await image.stop('SIGINT');
    await image.start({ PASSWORD: 'the-second' });
    expect(await asking('the-second', 'select n from kept')).toEqual([{ n: 1 }]);
    await expect(asking("it's-the-first", 'select 1')).rejects.toThrow('password authentication failed');
  });

  it('writes no password to its log', () => {
    expect(image.said.join('')).not.toMatch(/the-first|the-second/);
  });
});

describe('the image of MongoDB', () => {
  let image: Image;
  beforeAll(async () => {
    image = await openImage('mongo');
    await image.start({ PASSWORD: 'the-first' });
  });
  afterAll(() => image?.stop());

  const asking = async <T>(password: string, act: (client: MongoClient) => Promise<T>): Promise<T> => {
    const client = new MongoClient(`mongodb://127.0.0.1:${image.port}/`, {
      auth: { username: 'app', password },
      authMechanism: 'SCRAM-SHA-256',
      ...{ tls: true, ca: image.ca, servername: 'localhost', serverSelectionTimeoutMS: 3_000, directConnection: true },
    });
    try {
      return await act(client);
    } finally {
      await client.close();
    }
  };

  it('lets the tenant in with the password of its secret, over TLS', async () => {
    await asking('the-first', (client) => client.db('tenant').collection('event').insertOne({ n: 1 }));
    expect(await asking('the-first', (client) => client.db('tenant').collection('event').countDocuments())).toBe(1);
    await expect(asking('another', (client) => client.db('tenant').collection('event').findOne())).rejects.toThrow();
  });

  it('keeps its data over a restart, and takes the password that the secret has then', async () => {
    await image.stop();
    await image.start({ PASSWORD: 'the-second' });
    expect(await asking('the-second', (client) => client.db('tenant').collection('event').countDocuments())).toBe(1);
  });
});

describe('the image of Valkey', () => {
  let image: Image;
  beforeAll(async () => {
    image = await openImage('valkey');
    await image.start({ PASSWORD: 'the-first', MAINTENANCE_PASSWORD: 'for-exports' });
  });
  afterAll(() => image?.stop());

  const asking = async <T>(username: string, password: string, act: (redis: Redis) => Promise<T>): Promise<T> => {
    const tls = { ca: image.ca, servername: 'localhost' };
    const options = { host: '127.0.0.1', port: image.port, username, password, tls, enableReadyCheck: false };
    const redis = new Redis({ ...options, retryStrategy: null, lazyConnect: true });
    redis.on('error', () => undefined);
    try {
      await redis.connect();
      return await act(redis);
    } finally {
      redis.disconnect();
    }
  };

  it('lets the tenant at its own keys alone', async () => {
    const key = `t:${tenantId}:a`;
    expect(await asking('app', 'the-first', (redis) => redis.set(key, 'value'))).toBe('OK');
    await expect(asking('app', 'the-first', (redis) => redis.set('other', 'value'))).rejects.toThrow('NOPERM');
    await expect(asking('app', 'another', (redis) => redis.get(key))).rejects.toThrow();
  });

  it('lets whoever maintains it list keys, which the tenant may not', async () => {
    const [, keys] = await asking('maintenance', 'for-exports', (redis) => redis.scan('0', 'COUNT', 100));
    expect(keys).toEqual([`t:${tenantId}:a`]);
    await expect(asking('app', 'the-first', (redis) => redis.scan('0'))).rejects.toThrow('NOPERM');
  });

  it('keeps its data over a restart, and takes the password that the secret has then', async () => {
    await image.stop();
    await image.start({ PASSWORD: 'the-second', MAINTENANCE_PASSWORD: 'for-exports' });
    expect(await asking('app', 'the-second', (redis) => redis.get(`t:${tenantId}:a`))).toBe('value');
  });
});

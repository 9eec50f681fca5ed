import { Redis } from 'ioredis';
import { MongoClient } from 'mongodb';
import { Client } from 'pg';
import { type EngineImage, openImage, imageTenantId as tenantId } from '../../helpers/engine-image';

describe('the image of PostgreSQL', () => {
  let image: EngineImage;
  beforeAll(async () => {
    image = await openImage('postgres');
    await image.start({ PASSWORD: "it's-the-first", PASSWORD_CLONE: "it's-the-clone" });
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

  it('has a second user that is the first in all that it does, and can set no password but its own', async () => {
    const clone = { user: 'app_clone' };
    expect(await asking("it's-the-clone", 'select current_user as user', clone)).toEqual([{ user: 'app' }]);
    await asking("it's-the-clone", 'create table cloned as select 1 as n', clone);
    expect(await asking("it's-the-first", 'select n from cloned')).toEqual([{ n: 1 }]);
    await expect(asking("it's-the-first", "alter role app_clone password 'x'")).rejects.toThrow('permission denied');
  });

  it('gives the tenant nothing beyond it', async () => {
    await expect(asking("it's-the-first", 'create role other')).rejects.toThrow('permission denied');
    await expect(asking("it's-the-first", 'create database other')).rejects.toThrow('permission denied');
  });

  it('keeps its data over a restart, and takes the password that the secret has then', async () => {
    await asking("it's-the-first", 'create table kept as select 1 as n');
    await image.stop('SIGINT');
    await image.start({ PASSWORD: 'the-second', PASSWORD_CLONE: 'the-clone' });
    expect(await asking('the-second', 'select n from kept')).toEqual([{ n: 1 }]);
    await expect(asking("it's-the-first", 'select 1')).rejects.toThrow('password authentication failed');
  });

  it('writes no password to its log', () => {
    expect(image.said.join('')).not.toMatch(/the-first|the-second/);
  });
});

describe('the image of MongoDB', () => {
  let image: EngineImage;
  beforeAll(async () => {
    image = await openImage('mongo');
    await image.start({ PASSWORD: 'the-first', PASSWORD_CLONE: 'the-clone' });
  });
  afterAll(() => image?.stop());

  const asking = async <T>(password: string, act: (client: MongoClient) => Promise<T>, username = 'app') => {
    const client = new MongoClient(`mongodb://127.0.0.1:${image.port}/`, {
      auth: { username, password },
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
    expect(
      await asking('the-clone', (client) => client.db('tenant').collection('event').countDocuments(), 'app_clone'),
    ).toBe(1);
    await expect(asking('another', (client) => client.db('tenant').collection('event').findOne())).rejects.toThrow();
  });

  it('keeps its data over a restart, and takes the password that the secret has then', async () => {
    await image.stop();
    await image.start({ PASSWORD: 'the-second', PASSWORD_CLONE: 'the-clone' });
    expect(await asking('the-second', (client) => client.db('tenant').collection('event').countDocuments())).toBe(1);
  });
});

describe('the image of Valkey', () => {
  const clones = { PASSWORD_CLONE: 'the-clone', MAINTENANCE_PASSWORD_CLONE: 'the-clone-for-exports' };
  let image: EngineImage;
  beforeAll(async () => {
    image = await openImage('valkey');
    await image.start({ ...clones, PASSWORD: 'the-first', MAINTENANCE_PASSWORD: 'for-exports' });
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
    expect(await asking('app_clone', 'the-clone', (redis) => redis.get(key))).toBe('value');
    await expect(asking('app_clone', 'the-clone', (redis) => redis.set('other', 'value'))).rejects.toThrow('NOPERM');
    await expect(asking('app', 'another', (redis) => redis.get(key))).rejects.toThrow();
  });

  it('lets whoever maintains it list keys, which the tenant may not', async () => {
    const [, keys] = await asking('maintenance', 'for-exports', (redis) => redis.scan('0', 'COUNT', 100));
    expect(keys).toEqual([`t:${tenantId}:a`]);
    await expect(asking('app', 'the-first', (redis) => redis.scan('0'))).rejects.toThrow('NOPERM');
  });

  it('keeps its data over a restart, and takes the password that the secret has then', async () => {
    await image.stop();
    await image.start({ ...clones, PASSWORD: 'the-second', MAINTENANCE_PASSWORD: 'for-exports' });
    expect(await asking('app', 'the-second', (redis) => redis.get(`t:${tenantId}:a`))).toBe('value');
  });
});

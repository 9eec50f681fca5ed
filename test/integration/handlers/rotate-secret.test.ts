import { randomBytes, randomUUID } from 'node:crypto';
import { Redis } from 'ioredis';
import { MongoClient } from 'mongodb';
import { Client } from 'pg';
import { testSharedEngines } from '../../helpers/engines';
import { handlerBundle } from '../../helpers/handler-bundle';
import { startSecretsManagerEndpoint } from '../../helpers/secrets-manager-endpoint';

type Secret = { engine: string; host: string; port: number; username: string; password: string; masterarn?: string };
type Handler = (event: { Step: string; SecretId: string; ClientRequestToken: string }) => Promise<void>;

const allSteps = ['createSecret', 'setSecret', 'testSecret', 'finishSecret'];
const newPassword = () => randomBytes(24).toString('base64url');
const before = { ...process.env };

let manager: Awaited<ReturnType<typeof startSecretsManagerEndpoint>>;
let engines: Awaited<ReturnType<typeof testSharedEngines>>;
let handler: Handler;

beforeAll(async () => {
  [manager, engines] = await Promise.all([startSecretsManagerEndpoint(), testSharedEngines()]);
  Object.assign(process.env, {
    AWS_ENDPOINT_URL_SECRETS_MANAGER: manager.url,
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'any',
    AWS_SECRET_ACCESS_KEY: 'any',
  });
  ({ handler } = (await import(handlerBundle('rotate-secret'))) as { handler: Handler });
});
afterAll(async () => {
  process.env = before;
  await manager.close();
});

/** A user of an engine as it is first made, its secret and the administrator's. */
type Engine = {
  readonly name: string;
  place(): { readonly host: string; readonly port: number; readonly user: string; readonly password: string };
  makeUser(username: string, password: string): Promise<void>;
  /** Whether the engine lets it in, and what it may still do: told by what the first user could do. */
  letsIn(secret: Secret): Promise<boolean>;
};

const asPostgres = async <T>(of: { host: string; port: number; username: string; password: string }, sql: string) => {
  const { host, port, username: user, password } = of;
  const client = new Client({ host, port, user, password, database: 'postgres' });
  await client.connect();
  try {
    return (await client.query(sql)).rows as T[];
  } finally {
    await client.end();
  }
};
const adminOf = ({ place }: Engine) => ({ ...place(), username: place().user });

const postgres: Engine = {
  name: 'postgres',
  place: () => engines.postgres,
  async makeUser(username, password) {
    await asPostgres(adminOf(postgres), `create role ${username} login password '${password}'`);
    await asPostgres(adminOf(postgres), `create schema ${username} authorization ${username}`);
  },
  async letsIn(secret) {
    const owner = secret.username.replace(/_clone$/, '');
    const table = `${owner}.t${randomBytes(4).toString('hex')}`;
    try {
      await asPostgres(secret, `create table ${table} (id int)`);
    } catch {
      return false;
    }
    const [row] = await asPostgres<{ tableowner: string }>(
      adminOf(postgres),
      `select tableowner from pg_tables where schemaname || '.' || tablename = '${table}'`,
    );
    return row?.tableowner === owner;
  },
};

const mongo: Engine = {
  name: 'mongo',
  place: () => engines.document,
  async makeUser(username, password) {
    const client = await MongoClient.connect(engines.document.url);
    const roles = ['readWriteAnyDatabase', 'clusterAdmin'].map((role) => ({ role, db: 'admin' }));
    await client.db('admin').command({ createUser: username, pwd: password, roles });
    await client.close();
  },
  async letsIn({ host, port, username, password }) {
    const client = new MongoClient(`mongodb://${host}:${port}`, {
      auth: { username, password },
      authMechanism: 'SCRAM-SHA-256',
      serverSelectionTimeoutMS: 3_000,
    });
    try {
      await client.db('rotation').collection('seen').insertOne({ username });
      return true;
    } catch {
      return false;
    } finally {
      await client.close();
    }
  },
};

const redis: Engine = {
  name: 'redis',
  place: () => engines.valkey,
  async makeUser(username, password) {
    const client = new Redis(engines.valkey.url);
    await client.call(
      'ACL',
      'SETUSER',
      username,
      'reset',
      'on',
      `>${password}`,
      '~own:*',
      '&own:*',
      '+@all',
      '-@admin',
    );
    client.disconnect();
  },
  async letsIn({ host, port, username, password }) {
    const client = new Redis({ host, port, username, password, lazyConnect: true, retryStrategy: null });
    client.on('error', () => undefined);
    try {
      await client.connect();
      await client.set('own:key', '1');
      const refused = await client.set('others:key', '1').catch((error: Error) => error.message);
      return String(refused).startsWith('NOPERM');
    } catch {
      return false;
    } finally {
      client.disconnect();
    }
  },
};

describe.each([postgres, mongo, redis])('the rotation of a secret of $name', (engine) => {
  const parse = (text = '{}'): Secret => JSON.parse(text) as Secret;
  const currentOf = (name: string) => parse(manager.secrets.get(name));

  async function newSecret(more: object = {}) {
    const name = `rotated/${randomUUID()}`;
    const username = `u${randomBytes(6).toString('hex')}`;
    const password = newPassword();
    const { host, port, user, password: adminPassword } = engine.place();
    await engine.makeUser(username, password);
    manager.secrets.set('admin', JSON.stringify({ username: user, password: adminPassword }));
    const secret = { engine: engine.name, host, port, ssl: false, username, password, note: 'kept', ...more };
    manager.secrets.set(name, JSON.stringify(secret));
    return { name, username, first: { ...secret, masterarn: undefined } };
  }
  async function rotate(name: string, steps = allSteps, token = randomUUID()): Promise<void> {
    manager.startRotation(name, token);
    for (const Step of steps) await handler({ Step, SecretId: name, ClientRequestToken: token });
  }

  it('lets two users with the same rights take turns, and the one before in until the next time', async () => {
    const { name, username, first } = await newSecret({ masterarn: 'admin' });
    await rotate(name);
    const second = currentOf(name);
    expect(second).toMatchObject({ username: `${username}_clone`, note: 'kept', masterarn: 'admin' });
    expect([await engine.letsIn(second), await engine.letsIn(first)]).toEqual([true, true]);

    await rotate(name);
    const third = currentOf(name);
    expect(third.username).toBe(username);
    expect([await engine.letsIn(third), await engine.letsIn(second), await engine.letsIn(first)]).toEqual([
      ...[true, true, false],
    ]);

    await rotate(name);
    expect(currentOf(name).username).toBe(`${username}_clone`);
    expect([await engine.letsIn(currentOf(name)), await engine.letsIn(second)]).toEqual([true, false]);
  });

  it('does each step any number of times with the same end', async () => {
    const { name } = await newSecret({ masterarn: 'admin' });
    const token = randomUUID();
    await rotate(name, [...allSteps.slice(0, 3).flatMap((step) => [step, step]), 'createSecret', 'setSecret'], token);
    const finish = { Step: 'finishSecret', SecretId: name, ClientRequestToken: token };
    await handler(finish);
    const current = currentOf(name);
    await handler(finish);
    await handler({ ...finish, Step: 'setSecret' });
    expect(currentOf(name)).toEqual(current);
    expect(await engine.letsIn(current)).toBe(true);
  });

  it('changes nothing for readers before its last step', async () => {
    const { name, first } = await newSecret({ masterarn: 'admin' });
    await rotate(name, allSteps.slice(0, 3));
    expect(currentOf(name).password).toBe(first.password);
    expect(await engine.letsIn(first)).toBe(true);
  });

  it('does not pass the test when the store does not let the new user in', async () => {
    const { name } = await newSecret({ masterarn: 'admin' });
    await expect(rotate(name, ['createSecret', 'testSecret'])).rejects.toThrow();
  });

  it('does not let the administrator of one store set passwords in another', async () => {
    const { name } = await newSecret({ masterarn: 'admin' });
    manager.secrets.set('admin', JSON.stringify({ ...parse(manager.secrets.get('admin')), host: 'elsewhere' }));
    await expect(rotate(name, ['createSecret', 'setSecret'])).rejects.toMatchObject({ code: 'KLT_CONFIG_INVALID' });
  });
});

describe('the rotation of an administrator’s secret', () => {
  it.each([postgres, mongo])('sets its own password, in $name', async (engine) => {
    const username = `a${randomBytes(6).toString('hex')}`;
    const password = newPassword();
    await engine.makeUser(username, password);
    const { host, port } = engine.place();
    const secret = { engine: engine.name, host, port, ssl: false, username, password };
    manager.secrets.set(username, JSON.stringify(secret));
    const token = randomUUID();
    manager.startRotation(username, token);
    for (const Step of [...allSteps.slice(0, 2), 'setSecret', ...allSteps.slice(2)]) {
      await handler({ Step, SecretId: username, ClientRequestToken: token });
    }
    const rotated = JSON.parse(manager.secrets.get(username) ?? '{}') as Secret;
    expect(rotated.username).toBe(username);
    expect([await engine.letsIn(rotated), await engine.letsIn(secret)]).toEqual([true, false]);
  });
});

describe('the function of the rotation', () => {
  it('refuses a version that nobody is making, a secret that is not to be rotated, and what is no secret of a store', async () => {
    const event = { Step: 'createSecret', SecretId: 'plain', ClientRequestToken: randomUUID() };
    manager.secrets.set('plain', '{"password":"do-not-show-me"}');
    await expect(handler(event)).rejects.toThrow('is not to be rotated');
    manager.startRotation('plain', randomUUID());
    await expect(handler(event)).rejects.toThrow('is not being made');
    manager.startRotation('plain', event.ClientRequestToken);
    await expect(handler(event)).rejects.toThrow(/^(?!.*do-not-show-me).*does not hold the user of a store/);
  });
});

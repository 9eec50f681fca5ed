import { randomBytes, randomUUID } from 'node:crypto';
import { CloudFormationClient } from '@aws-sdk/client-cloudformation';
import { findTenantStores } from '../../../src/platform/rotation/find-tenant-stores';
import { createTenantRotation } from '../../../src/platform/rotation/rotate-tenant-stores';
import { createSecretVersions } from '../../../src/platform/rotation/secret-versions';
import { createAwsSecrets } from '../../../src/platform/secrets/create-aws-secrets';
import { closeHandles, openHandles, type TenantHandles } from '../../../src/platform/tenancy/open-handles';
import type { Placement } from '../../../src/platform/tenancy/placement';
import { parseStackCredentials, type StackCredentials } from '../../../src/platform/tenancy/stack-credentials';
import { type EngineImage, openImage, imageTenantId as tenantId } from '../../helpers/engine-image';
import { handlerBundle } from '../../helpers/handler-bundle';
import { startSecretsManagerEndpoint } from '../../helpers/secrets-manager-endpoint';
import { selfSigned } from '../../helpers/self-signed';

const nameInStore = `tenant/${tenantId}/dedicated/stores`;
const inAccount = 'kolate/test';
const folder = `${inAccount}/tenant/${tenantId}/dedicated`;
const secretName = `${folder}/stores`;
const allSteps = ['createSecret', 'setSecret', 'testSecret', 'finishSecret'];
const credentials = { accessKeyId: 'any', secretAccessKey: 'any' };
const newPassword = () => randomBytes(24).toString('base64url');

let manager: Awaited<ReturnType<typeof startSecretsManagerEndpoint>>;
let images: { postgres: EngineImage; mongo: EngineImage; valkey: EngineImage };
let rotateStep: ReturnType<typeof createTenantRotation>;
const open: TenantHandles[] = [];

/** What a task of ECS gives the engines when it starts: the version that counts. */
const two = (use: 'postgres' | 'mongo' | 'redis') => ({
  PASSWORD: current()[use],
  PASSWORD_CLONE: current()[`${use}Clone`] ?? '',
});
const startValkey = () =>
  images.valkey.start({
    ...two('redis'),
    MAINTENANCE_PASSWORD: current().redisMaintenance,
    MAINTENANCE_PASSWORD_CLONE: current().redisMaintenanceClone ?? '',
  });
const startEngines = () =>
  Promise.all([images.postgres.start(two('postgres')), images.mongo.start(two('mongo')), startValkey()]);
const stopEngines = () => Promise.all(Object.values(images).map((image) => image.stop('SIGINT')));

const rotationOf = (hosts: readonly string[]) =>
  createTenantRotation({
    versions: createSecretVersions({ region: 'us-east-1', endpoint: manager.url, credentials }),
    storesOf: async () => ({
      hosts,
      ports: { postgres: images.postgres.port, mongo: images.mongo.port, redis: images.valkey.port },
    }),
  });
beforeAll(async () => {
  const shown = selfSigned();
  const [postgres, mongo, valkey] = await Promise.all([
    openImage('postgres', shown),
    openImage('mongo', shown),
    openImage('valkey', shown),
  ]);
  images = { postgres, mongo, valkey };
  manager = await startSecretsManagerEndpoint();
  const uses = ['postgres', 'mongo', 'redis', 'redisMaintenance'].flatMap((use) => [use, `${use}Clone`]);
  manager.secrets.set(secretName, JSON.stringify(Object.fromEntries(uses.map((use) => [use, newPassword()]))));
  manager.secrets.set(`${folder}/tls`, JSON.stringify({ certificate: shown.certificate, key: 'nobody’s' }));
  rotateStep = rotationOf(['localhost']);
  await startEngines();
}, 60_000);
afterAll(async () => {
  await Promise.all(open.map(closeHandles));
  await stopEngines();
  await manager.close();
});

const current = (): StackCredentials =>
  parseStackCredentials(secretName, manager.secrets.get(secretName) ?? 'there is none');

/** @returns what does steps of it */
function begin(by = rotateStep) {
  const token = randomUUID();
  manager.startRotation(secretName, token);
  return async (...steps: string[]): Promise<void> => {
    for (const step of steps) await by({ step, secretId: secretName, token });
  };
}
const rotate = (): Promise<void> => begin()(...allSteps);

/** A service that serves the tenant: its secret is as old as it may be, and its pools stay open. */
function newReader({ cacheMs = 3_600_000 } = {}) {
  const secrets = createAwsSecrets({
    region: 'us-east-1',
    endpoint: manager.url,
    credentials,
    cacheMs,
    folder: inAccount,
  });
  const redis = { user: 'app', maintenanceUser: 'maintenance', keyPrefix: `t:${tenantId}:` };
  const host = 'localhost';
  const placement: Placement = {
    ...{ tenantId, slug: 'acme', tier: 'dedicated', state: 'active', stack: 'any', secretName: nameInStore },
    endpoints: {
      tls: true,
      certificate: images.postgres.ca,
      postgres: { host, port: images.postgres.port, database: 'tenant', user: 'app' },
      mongo: { host, port: images.mongo.port, database: 'tenant', user: 'app' },
      redis: { host, port: images.valkey.port, ...redis },
    },
  };
  const connect = (): TenantHandles => {
    const handles = openHandles(placement, { secrets, name: 'reader', maxConnections: 4 });
    open.push(handles);
    return handles;
  };
  return { connect };
}

/** Who came in: fails when a store refuses. */
async function askAll({ sql, mongo, redis }: TenantHandles): Promise<unknown> {
  const [row] = await Promise.all([
    sql.sql.one<{ who: string; as: string }>`select session_user as who, current_user as as`,
    mongo.ping(),
    redis.set('seen', '1'),
  ]);
  return row;
}

describe('the rotation of a tenant’s passwords', () => {
  it('gives the other users new passwords and the turn, and lets those before in until the next time', async () => {
    const first = current();
    const reader = newReader();
    const held = reader.connect();
    expect(await askAll(held)).toEqual({ who: 'app', as: 'app' });
    await rotate();
    const second = current();
    expect(second).toMatchObject({ turn: 'clone', postgres: first.postgres, redisMaintenance: first.redisMaintenance });
    const clones = ({ postgresClone, mongoClone, redisClone, redisMaintenanceClone }: StackCredentials) => [
      ...[postgresClone, mongoClone, redisClone, redisMaintenanceClone],
    ];
    expect(new Set([...clones(first), ...clones(second)]).size).toBe(8);
    // Whoever has held the pools, whoever has the secret of before, and whoever reads it now.
    expect(await askAll(held)).toEqual({ who: 'app', as: 'app' });
    expect(await askAll(reader.connect())).toEqual({ who: 'app', as: 'app' });
    expect(await askAll(newReader().connect())).toMatchObject({ as: 'app' });
  });

  it('serves whoever holds on to a secret of two rotations ago: it is refused once and asks anew', async () => {
    const reader = newReader();
    await askAll(reader.connect());
    await rotate();
    await rotate();
    const { turn } = current();
    const handles = reader.connect();
    await askAll(handles);
    const pools = Array.from({ length: 4 }, () => handles.sql.sql.one`select session_user as who, pg_sleep(0.1)`);
    const who = turn === 'clone' ? 'app_clone' : 'app';
    expect(await Promise.all(pools)).toEqual(expect.arrayContaining([expect.objectContaining({ who })]));
  });

  it('changes nothing for readers before its last step, and lets them in after each of them', async () => {
    const before = current();
    const run = begin();
    for (const step of allSteps.slice(0, 3)) {
      await run(step);
      expect(current()).toEqual(before);
      await askAll(newReader().connect());
    }
    await run('finishSecret');
    expect(current()).not.toEqual(before);
    await askAll(newReader().connect());
  });

  it('does each step any number of times with the same end', async () => {
    const run = begin();
    await run(...allSteps.slice(0, 3).flatMap((step) => [step, step]), 'createSecret', 'setSecret', 'finishSecret');
    const done = current();
    await run('finishSecret', 'setSecret');
    expect(current()).toEqual(done);
    await askAll(newReader().connect());
  });

  it('is taken up again when the engines start in the midst of it, with the passwords that still count', async () => {
    const run = begin();
    await run(...allSteps.slice(0, 3));
    await stopEngines();
    await startEngines();
    await askAll(newReader().connect());
    // It would hand out passwords that no engine has.
    await expect(run('finishSecret')).rejects.toThrow();
    await run(...allSteps);
    await askAll(newReader().connect());
  }, 60_000);

  it('leaves engines that start from the secret letting both users in', async () => {
    const reader = newReader();
    await askAll(reader.connect());
    await rotate();
    await stopEngines();
    await startEngines();
    await askAll(reader.connect());
    await askAll(newReader().connect());
    await rotate();
    await askAll(newReader().connect());
  }, 60_000);

  it('does nothing when Secrets Manager tries it out without a version', async () => {
    await expect(begin()('testSecret')).resolves.toBeUndefined();
  });

  it('leaves the passwords of those whose turn it is alone when another store fails', async () => {
    const before = current();
    const run = begin();
    await images.valkey.stop();
    await expect(run(...allSteps)).rejects.toThrow();
    expect(current()).toEqual(before);
    const { sql, mongo } = newReader().connect();
    await Promise.all([sql.ping(), mongo.ping()]);
    await startValkey();
    await run(...allSteps);
    await askAll(newReader().connect());
  }, 60_000);
});

describe('where there are several members', () => {
  it('waits for each Valkey, as none has the users of another, and for one PostgreSQL that takes writes', async () => {
    const before = current();
    // One that shows a certificate for another name, as good as one that does not answer.
    await expect(begin(rotationOf(['localhost', '127.0.0.9']))(...allSteps)).rejects.toThrow(/127\.0\.0\.9/);
    expect(current()).toEqual(before);
    await expect(begin(rotationOf(['127.0.0.9', 'localhost']))('createSecret', 'setSecret')).rejects.toThrow();
    await askAll(newReader().connect());
  });

  it.each([
    [[], ['']],
    [[{ ParameterKey: 'Members', ParameterValue: '1' }], ['']],
    [[{ ParameterKey: 'Members', ParameterValue: '3' }], ['', '-2', '-3']],
  ])('are found by the parameters of the stack: %j', async (Parameters, suffixes) => {
    const asked: unknown[] = [];
    const client = new CloudFormationClient({ region: 'us-east-1', credentials });
    client.middlewareStack.add(
      () => async (args) => {
        asked.push(args.input);
        return { output: { $metadata: {}, Stacks: [{ StackName: 'any', Parameters }] }, response: {} };
      },
      { step: 'initialize' },
    );
    const { hosts, ports } = await findTenantStores(client, { tenantId, tier: 'dedicated' });
    expect(hosts).toEqual(suffixes.map((suffix) => `${tenantId}${suffix}.tenants.kolate.internal`));
    expect(ports).toEqual({ postgres: 5_432, mongo: 27_017, redis: 6_379 });
    expect(asked).toEqual([{ StackName: `kolate-tenant-${tenantId}-dedicated` }]);
  });
});

describe('the function of the rotation', () => {
  it('refuses secrets that are no tenant’s stores, and shows no text of one that is broken', async () => {
    Object.assign(process.env, { AWS_ENDPOINT_URL_SECRETS_MANAGER: manager.url, AWS_REGION: 'us-east-1' });
    Object.assign(process.env, { AWS_ACCESS_KEY_ID: 'any', AWS_SECRET_ACCESS_KEY: 'any' });
    type Handler = (event: { Step: string; SecretId: string; ClientRequestToken: string }) => Promise<void>;
    const { handler } = (await import(handlerBundle('rotate-tenant-stores'))) as { handler: Handler };
    const event = { Step: 'createSecret', ClientRequestToken: randomUUID() };
    for (const SecretId of [`${folder}/tls`, 'tenant/x/dedicated/stores', `${folder}/stores/more`]) {
      await expect(handler({ ...event, SecretId })).rejects.toThrow('is not the secret of a tenant’s stores');
    }
    const SecretId = `tenant/${randomUUID()}/shared-cell/stores`;
    manager.secrets.set(SecretId, '{"postgres":"do-not-show-me-to-anybody"}');
    manager.startRotation(SecretId, event.ClientRequestToken);
    await expect(handler({ ...event, SecretId })).rejects.toThrow(/^(?!.*do-not-show).*credentials of a stack/);
  });
});

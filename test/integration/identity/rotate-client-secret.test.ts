import { randomUUID } from 'node:crypto';
import { resolve } from 'node:path';
import { createClientSecretRotation } from '../../../src/platform/rotation/rotate-client-secret';
import { createSecretVersions } from '../../../src/platform/rotation/secret-versions';
import { aws } from '../../helpers/ministack';
import { preparePython } from '../../helpers/python';
import { startSecretsManagerEndpoint } from '../../helpers/secrets-manager-endpoint';
import { startUserPool } from '../../helpers/user-pool';

const { python, reason } = preparePython(resolve('test/interop/ministack/requirements.txt'));
if (reason) process.stderr.write(`The rotation of clients’ secrets is not tested here: ${reason}\n`);
const describeHere = python ? describe : describe.skip;

type Client = { readonly clientId: string; readonly clientSecret: string; readonly clientSecretId?: string };
const name = 'operator';
const firstSecret = 'the_first_secret_of_the_client_0000000000';
const allSteps = ['createSecret', 'setSecret', 'testSecret', 'finishSecret'];

describeHere('the rotation of the operators’ secret', () => {
  let pool: Awaited<ReturnType<typeof startUserPool>>;
  let manager: Awaited<ReturnType<typeof startSecretsManagerEndpoint>>;
  let rotateStep: ReturnType<typeof createClientSecretRotation>;
  beforeAll(async () => {
    if (!python) return;
    [pool, manager] = await Promise.all([startUserPool(python), startSecretsManagerEndpoint()]);
    rotateStep = createClientSecretRotation({
      versions: createSecretVersions({ ...aws, endpoint: manager.url }),
      userPoolId: pool.userPoolId,
      tokenUrl: `${pool.url}/oauth2/token`,
      cognito: { ...aws, endpoint: pool.url },
    });
  });
  afterAll(async () => {
    await pool?.close();
    await manager?.close();
  });
  beforeEach(async () => {
    const clientId = await pool.directory.createClient({
      ...{ tenantId: 'tenant-1', tier: 'pool', clientSecret: firstSecret, clientId: `c-${randomUUID()}` },
      ...{ scopes: ['models:read'], roles: ['tenant-admin'] },
    });
    manager.secrets.set(name, JSON.stringify({ clientId, clientSecret: firstSecret }));
  });

  const current = (): Client => JSON.parse(manager.secrets.get(name) ?? '{}') as Client;
  const statusOf = async ({ clientId, clientSecret }: Client) => (await pool.token(clientId, clientSecret)).status;
  const begin = () => {
    const token = randomUUID();
    manager.startRotation(name, token);
    return async (...steps: string[]): Promise<void> => {
      for (const step of steps) await rotateStep({ step, secretId: name, token });
    };
  };

  it('lets the one before in until the next time, and the one before that no more', async () => {
    const first = current();
    await begin()(...allSteps);
    const second = current();
    expect(second.clientSecret).not.toBe(firstSecret);
    expect([await statusOf(second), await statusOf(first)]).toEqual([200, 200]);
    await begin()(...allSteps);
    const third = current();
    expect([await statusOf(third), await statusOf(second), await statusOf(first)]).toEqual([200, 200, 400]);
  });

  it('does each step any number of times with the same end', async () => {
    const run = begin();
    await run(...allSteps.slice(0, 3).flatMap((step) => [step, step]), 'createSecret', 'finishSecret');
    const done = current();
    await run('finishSecret', 'createSecret');
    expect(current()).toEqual(done);
    expect(pool.secretsOf(done.clientId)).toEqual([firstSecret, done.clientSecret]);
  });

  it('ends what a rotation left behind that was never finished, and never the one that counts', async () => {
    await begin()(...allSteps);
    const counts = current();
    await begin()('createSecret');
    expect(current()).toEqual(counts);
    expect(await statusOf(counts)).toBe(200);
    await begin()(...allSteps);
    expect(pool.secretsOf(counts.clientId)).toEqual([counts.clientSecret, current().clientSecret]);
    expect(await statusOf(current())).toBe(200);
  });

  it('touches nothing where two secrets are and nobody knows which counts', async () => {
    const { clientId } = current();
    pool.addSecret(clientId, 'one_that_somebody_added_by_hand_000000000');
    await expect(begin()('createSecret')).rejects.toMatchObject({ code: 'KLT_CONFIG_INVALID' });
    expect(pool.secretsOf(clientId)).toHaveLength(2);
  });

  it('does not finish with a secret that gets no token', async () => {
    const run = begin();
    await run('createSecret');
    const { clientId } = current();
    const { ClientSecrets = [] } = await pool.cognito.listUserPoolClientSecrets({
      UserPoolId: pool.userPoolId,
      ClientId: clientId,
    });
    await pool.cognito.deleteUserPoolClientSecret({
      ...{ UserPoolId: pool.userPoolId, ClientId: clientId },
      ClientSecretId: ClientSecrets.at(-1)?.ClientSecretId,
    });
    await expect(run('finishSecret')).rejects.toMatchObject({ code: 'KLT_STORE_ACCESS_DENIED' });
    expect(current().clientSecret).toBe(firstSecret);
  });
});

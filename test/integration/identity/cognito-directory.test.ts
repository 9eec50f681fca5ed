import { resolve } from 'node:path';
import { createTokenVerifier } from '../../../src/platform/identity/create-token-verifier';
import { describeIdentityDirectory } from '../../helpers/identity-directory-contract';
import { preparePython } from '../../helpers/python';
import { startUserPool } from '../../helpers/user-pool';

const { python, reason } = preparePython(resolve('test/interop/ministack/requirements.txt'));
if (reason) process.stderr.write(`Cognito's directory is not tested here: ${reason}\n`);
const describeHere = python ? describe : describe.skip;

describeHere('Cognito', () => {
  let pool: Awaited<ReturnType<typeof startUserPool>>;
  beforeAll(async () => {
    if (python) pool = await startUserPool(python);
  });
  afterAll(() => pool?.close());

  const idOf = async (name: string): Promise<string> => (await pool.clients.ofName(name))?.clientId ?? 'none';

  describeIdentityDirectory('the user pool', async () => ({
    directory: pool.directory,
    authenticates: async (name, secret) => (await pool.token(await idOf(name), secret)).status === 200,
  }));

  const client = {
    tenantId: 'tenant-7',
    tier: 'dedicated',
    clientSecret: 'a_secret_of_forty_characters_000000000000',
    scopes: ['models:read', 'predictions:write'],
    roles: ['tenant-admin'],
  } as const;
  const verify = async (token = '') => createTokenVerifier({ issuer: pool.issuer, jwksUri: pool.jwksUri })(token);

  describe('the token of a tenant’s client', () => {
    it('says tenant, tier, roles and scopes, and our verifier takes it', async () => {
      const clientId = await pool.directory.createClient({ ...client, clientId: 'c-token' });
      const { token } = await pool.token(clientId, client.clientSecret);
      expect(await verify(token)).toMatchObject({
        subject: clientId,
        tenantId: 'tenant-7',
        tier: 'dedicated',
        roles: ['tenant-admin'],
        scopes: new Set(['models:read', 'predictions:write']),
      });
    });

    it('follows a change of tier and scopes', async () => {
      const clientId = await pool.directory.createClient({ ...client, clientId: 'c-follow' });
      await pool.directory.updateClient('c-follow', { tier: 'pool', scopes: ['models:read'] });
      const { token } = await pool.token(clientId, client.clientSecret);
      expect(await verify(token)).toMatchObject({ tier: 'pool', scopes: new Set(['models:read']) });
    });

    it('is not made for a client that nobody has recorded', async () => {
      const { UserPoolClient } = await pool.cognito.createUserPoolClient({
        UserPoolId: pool.userPoolId,
        ClientName: 'stranger',
        ClientSecret: client.clientSecret,
        AllowedOAuthFlowsUserPoolClient: true,
        AllowedOAuthFlows: ['client_credentials'],
        AllowedOAuthScopes: ['https://api.kolate/models:read'],
      });
      expect(await pool.token(UserPoolClient?.ClientId ?? '', client.clientSecret)).toMatchObject({
        token: undefined,
      });
    });
  });

  it('gives the operators’ client their role and no tenant', async () => {
    const { clientId, clientSecret } = pool.operator;
    const { token } = await pool.token(clientId, clientSecret, 'https://api.kolate/tenants:read');
    expect(await verify(token)).toMatchObject({
      ...{ tenantId: undefined, roles: ['operator'], scopes: new Set(['tenants:read']) },
    });
  });

  it('makes one client of a name, however often it is asked, and none that is left behind', async () => {
    const first = await pool.directory.createClient({ ...client, clientId: 'c-once' });
    expect(await pool.directory.createClient({ ...client, clientId: 'c-once' })).toBe(first);
    const { UserPoolClients = [] } = await pool.cognito.listUserPoolClients({
      UserPoolId: pool.userPoolId,
      MaxResults: 60,
    });
    expect(UserPoolClients.filter(({ ClientName }) => ClientName === 'c-once')).toHaveLength(1);
  });

  it('finishes a rotation that was cut off between the new secret and the end of the old one', async () => {
    const clientId = await pool.directory.createClient({ ...client, clientId: 'c-cut' });
    pool.addSecret(clientId, 'a_secret_whose_answer_was_lost_000000000');
    await pool.directory.rotateSecret('c-cut', 'the_secret_of_the_second_attempt_000000');
    expect(pool.secretsOf(clientId)).toEqual(['the_secret_of_the_second_attempt_000000']);
  });

  it('leaves a suspended client suspended when it is set up once more', async () => {
    const clientId = await pool.directory.createClient({ ...client, clientId: 'c-suspended' });
    await pool.directory.disableClient('c-suspended');
    await pool.directory.createClient({ ...client, clientId: 'c-suspended' });
    expect((await pool.token(clientId, client.clientSecret)).token).toBeUndefined();
  });
});

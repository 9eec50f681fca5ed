import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { decodeJwt, decodeProtectedHeader } from 'jose';
import { createIssuerDirectory } from '../../../src/platform/identity/create-issuer-directory';
import { createIssuerVerifier } from '../../../src/platform/identity/create-issuer-verifier';
import { adminToken, operatorSecret, startIssuer, type TestIssuer } from '../../helpers/start-issuer';

const secret = 'secret-of-a-tenant-client-in-tests-0001';
const pears = {
  clientId: 'pears',
  tenantId: '0192f0c1-0000-7000-8000-000000000001',
  tier: 'pool',
  scopes: ['models:read', 'predictions:write'],
  roles: ['tenant-admin'],
  clientSecret: secret,
} as const;

let issuer: TestIssuer;
beforeAll(async () => {
  issuer = await startIssuer();
});
afterAll(() => issuer.remove());

const directory = () => createIssuerDirectory({ url: issuer.adminUrl, token: adminToken });
const bodyOf = async (response: Response): Promise<Record<string, unknown>> => JSON.parse(await response.text());

describe('the token endpoint', () => {
  it('gives an operator a token for the API with its scopes and role, which names no tenant', async () => {
    const token = await issuer.operatorToken();
    expect(decodeProtectedHeader(token)).toMatchObject({ alg: 'RS256', typ: 'at+jwt' });
    const claims = decodeJwt(token);
    expect(claims).toMatchObject({
      iss: issuer.issuer,
      aud: 'https://api.kolate',
      sub: 'operator',
      roles: ['operator'],
      scope: 'tenants:read tenants:write operations:read operations:write',
    });
    expect(claims).not.toHaveProperty('tenant_id');
    expect((claims.exp as number) - (claims.iat as number)).toBe(900);
  });

  it('gives a tenant’s client the tenant and the tier, and what it asked of its scopes', async () => {
    await directory().createClient(pears);
    const answer = await bodyOf(await issuer.token('pears', secret, { scope: 'models:read' }));
    expect(decodeJwt(String(answer.access_token))).toMatchObject({
      sub: 'pears',
      tenant_id: pears.tenantId,
      tier: 'pool',
      roles: ['tenant-admin'],
      scope: 'models:read',
    });
  });

  it.each([
    ['a wrong secret', 'operator', `${operatorSecret}x`, {}, 401, 'invalid_client'],
    ['the hash in place of the secret', 'operator', 'sha256$x$y', {}, 401, 'invalid_client'],
    ['an unknown client', 'nobody', secret, {}, 401, 'invalid_client'],
    ['a scope that the client has not', 'operator', operatorSecret, { scope: 'models:write' }, 400, 'invalid_scope'],
    ['another audience', 'operator', operatorSecret, { resource: 'https://other' }, 400, 'invalid_target'],
  ])('refuses %s', async (_what, clientId, clientSecret, form: Record<string, string>, status, error) => {
    const answer = await issuer.token(clientId, clientSecret, form);
    expect([answer.status, (await bodyOf(answer)).error]).toEqual([status, error]);
  });

  it('makes tokens that a service accepts, which finds the keys by discovery', async () => {
    const verify = createIssuerVerifier({ issuer: issuer.issuer });
    const identity = await verify(await issuer.operatorToken({ scope: 'tenants:read' }));
    expect(identity).toMatchObject({ subject: 'operator', tenantId: undefined, roles: ['operator'] });
    expect([...identity.scopes]).toEqual(['tenants:read']);
  });
});

describe('the administration API', () => {
  it('refuses whoever has not its token', async () => {
    const answers = await Promise.all(
      [{}, { authorization: 'Bearer wrong' }, { authorization: `Bearer ${await issuer.operatorToken()}` }].map(
        (headers) => fetch(`${issuer.adminUrl}/clients/pears`, { headers }),
      ),
    );
    expect(answers.map(({ status }) => status)).toEqual([401, 401, 401]);
  });

  it('refuses a body that does not fit, with the place', async () => {
    const answer = await fetch(`${issuer.adminUrl}/clients/plums`, {
      method: 'PUT',
      headers: { authorization: `Bearer ${adminToken}` },
      body: JSON.stringify({ ...pears, clientId: undefined, clientSecret: 'short' }),
    });
    expect([answer.status, await bodyOf(answer)]).toMatchObject([422, { errors: [{ pointer: '/clientSecret' }] }]);
  });

  it('neither shows nor changes nor deletes the operators’ client', async () => {
    expect(await directory().findClient('operator')).toBeUndefined();
    await expect(directory().disableClient('operator')).rejects.toThrow('KLT_CLIENT_NOT_FOUND');
    await expect(directory().createClient({ ...pears, clientId: 'operator' })).rejects.toThrow('KLT_CLIENT_TAKEN');
    await directory().deleteClient('operator');
    expect((await issuer.token('operator', operatorSecret)).status).toBe(200);
  });
});

describe('its state', () => {
  it('outlives a restart: clients, their secrets and the keys of tokens that are out', async () => {
    const first = await startIssuer();
    await createIssuerDirectory({ url: first.adminUrl, token: adminToken }).createClient(pears);
    const token = await first.operatorToken();
    await first.stop();
    const second = await startIssuer({ data: first.data, port: Number(new URL(first.issuer).port) });
    try {
      expect((await second.token('pears', secret)).status).toBe(200);
      await expect(createIssuerVerifier({ issuer: second.issuer })(token)).resolves.toMatchObject({
        subject: 'operator',
      });
    } finally {
      await second.remove();
    }
  });

  it('is readable by its owner alone and holds no secret of a client in the clear', async () => {
    const modes = await Promise.all(['issuer.json', 'people.json'].map((name) => stat(join(issuer.data, name))));
    expect(modes.map(({ mode }) => mode & 0o777)).toEqual([0o600, 0o600]);
    const { readFile } = await import('node:fs/promises');
    const kept = await readFile(join(issuer.data, 'issuer.json'), 'utf8');
    expect(kept).not.toContain(operatorSecret);
  });
});

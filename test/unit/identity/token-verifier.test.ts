import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { createTokenVerifier } from '../../../src/platform/identity/create-token-verifier';

const cognito = 'https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_AbCd12345';
const inFiveMinutes = Math.floor(Date.now() / 1_000) + 300;
const machine = {
  sub: '3n4b5urk1ft4fl3mg5e62d9ado',
  client_id: '3n4b5urk1ft4fl3mg5e62d9ado',
  token_use: 'access',
  scope: 'https://api.kolate/models:read https://api.kolate/predictions:write',
  exp: inFiveMinutes,
  tenant_id: 'tenant-1',
  tier: 'pool',
  roles: ['tenant-admin'],
};

let server: Server;
let jwksUri: string;
let sign: (issuer: string, claims: Record<string, unknown>, alg?: string) => Promise<string>;

beforeAll(async () => {
  const rsa = await generateKeyPair('RS256');
  const elliptic = await generateKeyPair('ES256');
  const keys = [
    { ...(await exportJWK(rsa.publicKey)), kid: 'RS256', alg: 'RS256' },
    { ...(await exportJWK(elliptic.publicKey)), kid: 'ES256', alg: 'ES256' },
  ];
  sign = (issuer, claims, alg = 'RS256') =>
    new SignJWT({ iss: issuer, ...claims })
      .setProtectedHeader({ alg, kid: alg })
      .sign(alg === 'RS256' ? rsa.privateKey : elliptic.privateKey);
  server = createServer((_request, response) => void response.end(JSON.stringify({ keys })));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  jwksUri = `http://127.0.0.1:${(server.address() as AddressInfo).port}/keys`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

const verify = async (claims: Record<string, unknown>, issuer = cognito, alg?: string) =>
  createTokenVerifier({ issuer, jwksUri })(await sign(issuer, claims, alg));

describe('an access token of Cognito', () => {
  it('is taken with the scopes of our resource server, by their own names', async () => {
    expect(await verify(machine)).toEqual({
      subject: '3n4b5urk1ft4fl3mg5e62d9ado',
      tenantId: 'tenant-1',
      tier: 'pool',
      scopes: new Set(['models:read', 'predictions:write']),
      roles: ['tenant-admin'],
      expiresAt: inFiveMinutes,
    });
  });

  it('gives no right by the scopes of another resource server', async () => {
    const { scopes } = await verify({ ...machine, scope: `openid https://other/models:write ${machine.scope}` });
    expect([...scopes]).toEqual(['models:read', 'predictions:write']);
  });

  it('may name the client or the API as its audience', async () => {
    expect(await verify({ ...machine, aud: machine.client_id })).toMatchObject({ tenantId: 'tenant-1' });
    expect(await verify({ ...machine, aud: 'https://api.kolate' })).toMatchObject({ tenantId: 'tenant-1' });
  });

  it.each([
    ['an id token', { ...machine, token_use: 'id', aud: machine.client_id }, 'token_use'],
    ['one without a client', { ...machine, client_id: undefined }, 'client_id'],
    ['one for another resource', { ...machine, aud: 'https://other' }, 'aud'],
    ['one for several resources', { ...machine, aud: ['https://api.kolate', 'https://other'] }, 'aud'],
    ['one with no scope of ours', { ...machine, scope: 'openid models:read' }, 'scope'],
    ['one whose scope only looks like ours', { ...machine, scope: 'https://api.kolate.evil/models:read' }, 'scope'],
    ['one without scopes', { ...machine, scope: undefined }, 'scope'],
  ])('is refused: %s', async (_what, claims, claim) => {
    await expect(verify(claims)).rejects.toMatchObject({
      code: 'KLT_TOKEN_INVALID',
      detail: `the claim ${claim} is not as expected`,
    });
  });

  it('is refused when it is signed by another algorithm than Cognito’s', async () => {
    await expect(verify(machine, cognito, 'ES256')).rejects.toMatchObject({ code: 'KLT_TOKEN_INVALID' });
  });
});

describe.each([
  'http://127.0.0.1:9999',
  'https://cognito-idp.eu-west-1.amazonaws.com.evil.example/eu-west-1_AbCd12345',
  'https://evil.example/?https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_AbCd12345',
])('an access token of the issuer %s', (issuer) => {
  it('has to name the API as its audience, whatever else it says', async () => {
    await expect(verify(machine, issuer)).rejects.toMatchObject({ detail: 'the claim aud is not as expected' });
    await expect(verify({ ...machine, aud: machine.client_id }, issuer)).rejects.toMatchObject({
      detail: 'the claim aud is not as expected',
    });
  });

  it('gives no right by a scope that is written as Cognito writes it', async () => {
    const { scopes } = await verify({ ...machine, aud: 'https://api.kolate' }, issuer);
    expect(scopes.has('models:read')).toBe(false);
  });
});

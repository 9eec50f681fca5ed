import { UnsecuredJWT } from 'jose';
import { startGateway, startService } from '../../helpers/start-gateway';
import { freePort } from '../../helpers/start-issuer';
import { startStubIssuer } from '../../helpers/stub-issuer';

let issuer: Awaited<ReturnType<typeof startStubIssuer>>;
let service: Awaited<ReturnType<typeof startService>>;
let gateway: Awaited<ReturnType<typeof startGateway>>;

beforeAll(async () => {
  issuer = await startStubIssuer();
  service = await startService();
  gateway = await startGateway({ issuer: issuer.issuer, origin: service.origin });
});
afterAll(async () => {
  await gateway.stop();
  await service.stop();
  await issuer.stop();
});

const ask = async (token: string) => {
  const answer = await fetch(`${gateway.url}/v1/tenants`, { headers: { authorization: `Bearer ${token}` } });
  return [answer.status, JSON.parse(await answer.text()).code];
};
const good = { scope: 'tenants:read', roles: ['operator'] };
const now = () => Math.floor(Date.now() / 1_000);

describe('a token', () => {
  it('passes when all of it is right', async () => {
    expect(await ask(await issuer.sign(good))).toEqual([200, undefined]);
  });

  it.each([
    ['has expired', { exp: now() - 1 }],
    ['never expires', { exp: undefined }],
    ['is for another audience', { aud: 'https://other.example' }],
    ['is for no audience', { aud: undefined }],
    ['names another issuer', { iss: 'https://issuer.example' }],
    ['is not valid yet', { nbf: now() + 600 }],
    ['says nobody’s name', { sub: undefined }],
  ])('is refused with 401 when it %s, however well it is signed', async (_what, claims) => {
    expect(await ask(await issuer.sign({ ...good, ...claims }))).toEqual([401, 'KLT_TOKEN_INVALID']);
  });

  it('is refused when it is signed with the public key as if that were a secret', async () => {
    const secret = Buffer.from(JSON.stringify(issuer.publicJwk));
    expect(await ask(await issuer.sign(good, secret, 'HS256'))).toEqual([401, 'KLT_TOKEN_INVALID']);
  });

  it('is refused when it is not signed at all', async () => {
    const token = new UnsecuredJWT({
      ...good,
      iss: issuer.issuer,
      aud: 'https://api.kolate',
      sub: 'ann',
      exp: now() + 300,
    });
    expect(await ask(token.encode())).toEqual([401, 'KLT_TOKEN_INVALID']);
  });

  it('is refused with 403 when its scopes are not texts joined by spaces', async () => {
    expect(await ask(await issuer.sign({ ...good, scope: ['tenants:read'] }))).toEqual([403, 'KLT_SCOPE_MISSING']);
  });

  it('passes for the routes of its scopes after others were refused, and the other way round', async () => {
    const token = await issuer.sign(good);
    const status = async (path: string) =>
      (await fetch(gateway.url + path, { headers: { authorization: `Bearer ${token}` } })).status;
    expect([await status('/v1/operations'), await status('/v1/tenants'), await status('/v1/operations')]).toEqual([
      403, 200, 403,
    ]);
  });

  it('is not called bad when the issuer cannot be asked: 503, and the way is free when it is back', async () => {
    const port = await freePort();
    const own = await startGateway({ issuer: `http://127.0.0.1:${port}`, origin: service.origin });
    const status = async (token: string) =>
      (await fetch(`${own.url}/v1/tenants`, { headers: { authorization: `Bearer ${token}` } })).status;
    try {
      expect(await status(await issuer.sign(good))).toBe(503);
      const late = await startStubIssuer(port);
      expect(await status(await late.sign(good))).toBe(200);
      await late.stop();
    } finally {
      await own.stop();
    }
  });
});

import { createServer } from 'node:http';
import { type CryptoKey, exportJWK, generateKeyPair, SignJWT } from 'jose';
import { listen } from './start-gateway';

type Claims = Readonly<Record<string, unknown>>;

/** An issuer whose tokens can say anything: discovery and keys over HTTP, `sign` for the token. */
export async function startStubIssuer(port = 0) {
  const { privateKey, publicKey } = await generateKeyPair('RS256', { extractable: true });
  const jwk = { ...(await exportJWK(publicKey)), kid: 'k1', alg: 'RS256', use: 'sig' };
  const server = createServer((request, response) => {
    const origin = `http://${request.headers.host}`;
    const answers: Record<string, unknown> = {
      '/.well-known/openid-configuration': { issuer: origin, jwks_uri: `${origin}/keys` },
      '/keys': { keys: [jwk] },
    };
    const answer = answers[request.url ?? ''];
    response.writeHead(answer ? 200 : 404, { 'content-type': 'application/json' });
    response.end(JSON.stringify(answer ?? {}));
  });
  const issuer = await listen(server, port);
  const inFiveMinutes = (): number => Math.floor(Date.now() / 1_000) + 300;
  return {
    issuer,
    publicJwk: jwk,
    sign: (claims: Claims, key: CryptoKey | Uint8Array = privateKey, alg = 'RS256'): Promise<string> =>
      new SignJWT({ iss: issuer, aud: 'https://api.kolate', sub: 'ann', exp: inFiveMinutes(), ...claims })
        .setProtectedHeader({ alg, kid: 'k1', typ: 'at+jwt' })
        .sign(key),
    stop: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

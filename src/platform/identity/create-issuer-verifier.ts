import { KolateError } from '../../contracts/errors';
import type { Identity } from '../../contracts/scopes';
import { createTokenVerifier } from './create-token-verifier';

const discoveryTimeoutMs = 3_000;

type Verifier = ReturnType<typeof createTokenVerifier>;

/**
 * Verifies the access tokens of `issuer`, whose keys are found by OpenID Connect discovery when the first token comes:
 * a service can start before the issuer.
 * @throws KolateError KLT_TOKEN_INVALID, KLT_DEPENDENCY_UNAVAILABLE while the issuer does not answer
 */
export function createIssuerVerifier({ issuer }: { issuer: string }): Verifier {
  let verifier: Verifier | undefined;
  let discovery: Promise<Verifier> | undefined;
  const discover = (): Promise<Verifier> => {
    discovery ??= discoverJwksUri(issuer)
      .then((jwksUri) => {
        verifier = createTokenVerifier({ issuer, jwksUri });
        return verifier;
      })
      .finally(() => {
        discovery = undefined;
      });
    return discovery;
  };
  return (token: string): Identity | Promise<Identity> =>
    verifier ? verifier(token) : discover().then((found) => found(token));
}

/** @throws KolateError KLT_DEPENDENCY_UNAVAILABLE */
export async function discoverJwksUri(issuer: string): Promise<string> {
  try {
    const response = await fetch(`${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`, {
      signal: AbortSignal.timeout(discoveryTimeoutMs),
    });
    const metadata: { issuer?: unknown; jwks_uri?: unknown } = JSON.parse(await response.text());
    // OpenID Connect Discovery 1.0, 4.3: another issuer's metadata must not be used.
    if (metadata.issuer !== issuer || typeof metadata.jwks_uri !== 'string') throw new Error('not its metadata');
    return metadata.jwks_uri;
  } catch (cause) {
    throw new KolateError('KLT_DEPENDENCY_UNAVAILABLE', 'the issuer cannot be asked for its keys', {
      retryAfterSeconds: 1,
      cause,
    });
  }
}

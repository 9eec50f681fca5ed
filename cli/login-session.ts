import { refusal } from './cli-error';
import type { CredentialStore, LoginSession } from './credential-store';
import type { TokenSource } from './http-client';
import { requestToken, type TokenAnswer } from './tokens';

type Claims = { readonly tenant_id?: string };

/** The claims of a token, read to tell whose it is; the platform verifies it. */
function claimsOf(token: string): Claims {
  try {
    return JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString('utf8'));
  } catch {
    return {};
  }
}

export function sessionOf(clientId: string, answer: TokenAnswer, earlier?: LoginSession): LoginSession {
  const { tenant_id } = claimsOf(answer.access_token);
  const refreshToken = answer.refresh_token ?? earlier?.refreshToken;
  return {
    clientId,
    accessToken: answer.access_token,
    expiresAt: Date.now() / 1_000 + answer.expires_in,
    ...(refreshToken ? { refreshToken } : {}),
    ...(tenant_id ? { tenantId: tenant_id } : {}),
  };
}

const marginSeconds = 30;

/** Tokens of somebody who has logged in, renewed by their refresh token. @throws CliError refused once that has ended */
export function sessionTokens(issuer: string, store: CredentialStore, first: LoginSession): TokenSource {
  let session = first;
  return {
    async get() {
      if (session.expiresAt - marginSeconds > Date.now() / 1_000) return session.accessToken;
      if (!session.refreshToken) {
        throw refusal(401, { code: 'KLT_TOKEN_INVALID', detail: 'the login has ended', hint: 'kolate login' });
      }
      const form = { grant_type: 'refresh_token', refresh_token: session.refreshToken, client_id: session.clientId };
      session = sessionOf(session.clientId, await requestToken(issuer, form), session);
      await store.keepSession(session);
      return session.accessToken;
    },
    async forget() {
      session = { ...session, expiresAt: 0 };
    },
  };
}

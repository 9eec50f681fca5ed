import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { holdFreePort } from '../../local/engines/free-port';
import { createIssuerApp, type IssuerOptions } from '../../local/issuer/issuer-app';
import { createLogger, type Logger } from '../../src/platform/logging/create-logger';

export const adminToken = 'administration-token-of-tests';
export const operatorSecret = 'secret-of-the-operators-client-in-tests';
export const operatorPassword = 'password of the operator in tests';

/** A logger that writes nowhere. */
export const silentLog = (): Logger =>
  createLogger('test', 'info', new Writable({ write: (_chunk, _encoding, done) => done() }));

export async function freePort(): Promise<number> {
  const held = await holdFreePort();
  await held.release();
  return held.port;
}

export type TestIssuer = {
  readonly issuer: string;
  readonly adminUrl: string;
  readonly data: string;
  /** POST to the token endpoint as a confidential client. */
  token(clientId: string, secret: string, form?: Record<string, string>): Promise<Response>;
  /** An access token of the operators' client. */
  operatorToken(form?: Record<string, string>): Promise<string>;
  stop(): Promise<void>;
  /** `stop`, and its folder removed. */
  remove(): Promise<void>;
};

/** A real issuer on a free port. `data` and `port` of an earlier one start it again. */
export async function startIssuer(
  options: Partial<IssuerOptions> & { port?: number; data?: string } = {},
): Promise<TestIssuer> {
  const data = options.data ?? (await mkdtemp(join(tmpdir(), 'kolate-issuer-')));
  const port = options.port ?? (await freePort());
  const issuer = `http://127.0.0.1:${port}`;
  const app = await createIssuerApp({
    log: silentLog(),
    issuer,
    data,
    adminToken,
    operatorSecret,
    operatorPassword,
    tokenLifetimeSeconds: 900,
    keyLeadMs: 1_000,
    keyRotationMs: 90 * 86_400_000,
    ...options,
  });
  await new Promise<void>((resolve, reject) => {
    app.server.once('error', reject);
    app.server.listen(port, '127.0.0.1', resolve);
  });
  const token: TestIssuer['token'] = (clientId, secret, form = {}) =>
    fetch(`${issuer}/token`, {
      method: 'POST',
      headers: { authorization: `Basic ${Buffer.from(`${clientId}:${secret}`).toString('base64')}` },
      body: new URLSearchParams({ grant_type: 'client_credentials', ...form }),
    });
  return {
    issuer,
    adminUrl: `${issuer}/admin`,
    data,
    token,
    async operatorToken(form) {
      const answer: { access_token?: string } = JSON.parse(
        await (await token('operator', operatorSecret, form)).text(),
      );
      if (!answer.access_token) throw new Error(`no token: ${JSON.stringify(answer)}`);
      return answer.access_token;
    },
    stop: app.close,
    async remove() {
      await app.close();
      await rm(data, { recursive: true, force: true });
    },
  };
}

import { createHash, randomBytes } from 'node:crypto';
import { decodeJwt } from 'jose';
import { operatorPassword, startIssuer, type TestIssuer } from '../../helpers/start-issuer';

let issuer: TestIssuer;
beforeAll(async () => {
  issuer = await startIssuer();
});
afterAll(() => issuer.remove());

const redirectUri = 'http://127.0.0.1:43210/callback';

/** A browser: keeps cookies, follows redirects as far as the issuer goes. */
function browser() {
  const cookies = new Map<string, string>();
  const visit = async (url: string, form?: Record<string, string>): Promise<{ response: Response; url: string }> => {
    let next = url;
    let body = form && new URLSearchParams(form);
    for (let hop = 0; hop < 10; hop += 1) {
      const response = await fetch(next, {
        method: body ? 'POST' : 'GET',
        body,
        redirect: 'manual',
        headers: { cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join('; ') },
      });
      for (const line of response.headers.getSetCookie()) {
        const [name, value] = (line.split(';', 1)[0] ?? '').split('=');
        if (name) cookies.set(name, value ?? '');
      }
      const location = response.headers.get('location');
      if (!location) return { response, url: next };
      next = new URL(location, next).href;
      if (!next.startsWith(issuer.issuer)) return { response, url: next };
      body = undefined;
    }
    throw new Error('too many redirects');
  };
  return { visit };
}

const verifier = randomBytes(32).toString('base64url');
const authorizeUrl = (changes: Record<string, string> = {}): string => {
  const query = new URLSearchParams({
    client_id: 'kolate-cli',
    response_type: 'code',
    redirect_uri: redirectUri,
    scope: 'openid tenants:read models:write',
    state: 'state-of-the-client',
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    code_challenge_method: 'S256',
    ...changes,
  });
  return `${issuer.issuer}/auth?${query}`;
};

async function signIn(password = operatorPassword) {
  const { visit } = browser();
  const page = await visit(authorizeUrl());
  expect(page.response.status).toBe(200);
  expect(await page.response.text()).toContain('kolate-cli</b> asks to act for you');
  return visit(page.url, { username: 'operator', password });
}

const redeem = (form: Record<string, string>) =>
  fetch(`${issuer.issuer}/token`, { method: 'POST', body: new URLSearchParams({ client_id: 'kolate-cli', ...form }) });
const bodyOf = async (response: Response): Promise<Record<string, string>> => JSON.parse(await response.text());

describe('a person who signs in with the command line', () => {
  it('gets a code on a loopback port of any number and for it a token with what the person may do', async () => {
    const { url } = await signIn();
    const answer = new URL(url);
    expect([answer.origin, answer.pathname, answer.searchParams.get('state')]).toEqual([
      'http://127.0.0.1:43210',
      '/callback',
      'state-of-the-client',
    ]);
    const code = answer.searchParams.get('code') ?? '';
    const tokens = await bodyOf(
      await redeem({ grant_type: 'authorization_code', code, code_verifier: verifier, redirect_uri: redirectUri }),
    );
    expect(decodeJwt(tokens.access_token ?? '')).toMatchObject({
      sub: 'operator',
      aud: 'https://api.kolate',
      roles: ['operator'],
      scope: 'tenants:read',
    });
    const again = await bodyOf(
      await redeem({ grant_type: 'refresh_token', refresh_token: tokens.refresh_token ?? '' }),
    );
    expect(decodeJwt(again.access_token ?? '')).toMatchObject({ sub: 'operator', scope: 'tenants:read' });
  });

  it('gets nothing for a code without the verifier that belongs to it', async () => {
    const { url } = await signIn();
    const code = new URL(url).searchParams.get('code') ?? '';
    const answer = await redeem({
      grant_type: 'authorization_code',
      code,
      code_verifier: randomBytes(32).toString('base64url'),
      redirect_uri: redirectUri,
    });
    expect([answer.status, (await bodyOf(answer)).error]).toEqual([400, 'invalid_grant']);
  });

  it('is told about a wrong password and is locked out after ten', async () => {
    const { visit } = browser();
    const { url } = await visit(authorizeUrl());
    const statuses: number[] = [];
    for (let attempt = 0; attempt < 11; attempt += 1) {
      statuses.push((await visit(url, { username: 'somebody', password: 'not it' })).response.status);
    }
    expect(statuses).toEqual([...Array(10).fill(401), 429]);
  });

  it.each([
    ['an address that is not loopback', { redirect_uri: 'https://example.org/callback' }],
    ['another path', { redirect_uri: 'http://127.0.0.1:43210/elsewhere' }],
    ['a client that is unknown', { client_id: 'somebody' }],
  ])('is not sent to %s', async (_what, changes: Record<string, string>) => {
    const { response, url } = await browser().visit(authorizeUrl(changes));
    expect([response.status, url.startsWith(issuer.issuer)]).toEqual([400, true]);
  });

  it('is refused when the client sends no challenge', async () => {
    const { url } = await browser().visit(authorizeUrl({ code_challenge: '', code_challenge_method: '' }));
    expect(new URL(url).searchParams.get('error')).toBe('invalid_request');
  });

  it('cannot go on with another browser’s sign-in', async () => {
    const { url } = await browser().visit(authorizeUrl());
    const { response } = await browser().visit(url, { username: 'operator', password: operatorPassword });
    expect(response.status).toBe(400);
  });
});

import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { runCli } from '../../../cli/run-cli';
import { createCliHome } from '../../helpers/cli-home';
import { type FakeApi, startFakeApi } from '../../helpers/fake-api';
import { operatorPassword, operatorSecret, startIssuer, type TestIssuer } from '../../helpers/start-issuer';
import { until } from '../../helpers/until';

let issuer: TestIssuer;
let api: FakeApi;
let cli: Awaited<ReturnType<typeof createCliHome>>;

beforeAll(async () => {
  issuer = await startIssuer();
  api = await startFakeApi();
  cli = await createCliHome(api.url, { issuer: issuer.issuer, operatorSecret });
});

afterAll(async () => {
  await cli.remove();
  await api.close();
  await issuer.remove();
});

/** Where the browser went last. */
let lastAddress = '';

/** A browser as far as a login needs one: it keeps cookies, follows redirects and fills in the form. */
async function signIn(address: string, password: string): Promise<string> {
  const cookies = new Map<string, string>();
  const open = async (url: string, init: RequestInit = {}): Promise<{ url: string; status: number }> => {
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    lastAddress = url;
    const answer = await fetch(url, { ...init, redirect: 'manual', headers: { ...init.headers, cookie } });
    for (const set of answer.headers.getSetCookie()) {
      const [, name = '', value = ''] = set.match(/^([^=]+)=([^;]*)/) ?? [];
      cookies.set(name, value);
    }
    const next = answer.headers.get('location');
    return next ? open(new URL(next, url).href) : { url, status: answer.status };
  };
  const page = await open(address);
  const body = new URLSearchParams({ username: 'operator', password });
  return (await open(page.url, { method: 'POST', body })).url;
}

async function startLogin(how = '--no-browser', stdin: Readable = Readable.from([])) {
  const said: string[] = [];
  const written: string[] = [];
  const run = runCli(['login', how, '--output', 'json'], {
    env: { KOLATE_HOME: cli.home },
    stdin,
    say: (line) => said.push(line),
    write: (text) => written.push(text),
    isTerminal: false,
  });
  const address = await until(() => said.join('\n').match(/http\S+/)?.[0]);
  return { run, address, answer: () => JSON.parse(written.join('')) };
}

it('takes no answer that belongs to a login of somebody else', async () => {
  const { run, address, answer } = await startLogin();
  const callback = new URL(new URL(address).searchParams.get('redirect_uri') ?? '');
  callback.search = '?code=stolen&state=another';
  await fetch(callback);
  expect(await run).toBe(1);
  expect(answer().detail).toContain('another login');
});

it('logs a person in over a browser and acts as that person from then on', async () => {
  const { run, address, answer } = await startLogin();
  expect(await signIn(address, operatorPassword)).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/callback/);
  expect(await run).toBe(0);
  expect(answer().scope).toContain('tenants:write');

  const kept = JSON.parse(await readFile(join(cli.home, 'cli/credentials.json'), 'utf8'));
  api.on('GET /v1/tenants', { body: { items: [] } });
  await cli.run('tenant list');
  expect(api.asked.at(-1)?.headers.authorization).toBe(`Bearer ${kept.session.accessToken}`);
});

it('takes the address that a browser on another machine ended at', async () => {
  const stdin = new PassThrough();
  const { run, address } = await startLogin('--paste', stdin);
  const callback = new URL(new URL(address).searchParams.get('redirect_uri') ?? '');
  // Nobody listens there: the browser is elsewhere, and shows where it wanted to go.
  await signIn(address, operatorPassword).catch(() => undefined);
  const ended = lastAddress;
  expect(ended).toMatch(new RegExp(`^${callback.origin}/callback\\?code=`));
  stdin.end(`${ended}\n`);
  expect(await run).toBe(0);
});

it('renews the login when its token has expired', async () => {
  const file = join(cli.home, 'cli/credentials.json');
  const kept = JSON.parse(await readFile(file, 'utf8'));
  await writeFile(file, JSON.stringify({ ...kept, session: { ...kept.session, expiresAt: 1 } }));
  expect(await cli.run('tenant list')).toMatchObject({ exitCode: 0 });
  const renewed = JSON.parse(await readFile(file, 'utf8')).session;
  expect(renewed.expiresAt).toBeGreaterThan(Date.now() / 1_000);
  expect(api.asked.at(-1)?.headers.authorization).toBe(`Bearer ${renewed.accessToken}`);
});

it('goes back to the client of the home after a logout', async () => {
  await cli.run('logout');
  expect(await cli.run('token --operator')).toMatchObject({ exitCode: 0, stdout: expect.stringMatching(/^ey/) });
  const kept = JSON.parse(await readFile(join(cli.home, 'cli/credentials.json'), 'utf8'));
  expect(kept.session).toBeUndefined();
});

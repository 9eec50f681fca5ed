import { spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createInterface } from 'node:readline/promises';
import { cliFixedPort, cliFixedRedirect, cliRedirectPath } from '../src/contracts/identity-admin';
import { failed, refusal } from './cli-error';
import type { Io } from './context';
import { dialectOf, type LoginDialect } from './login-dialect';
import { discover, requestToken, type TokenAnswer } from './tokens';

export type LoginOptions = {
  readonly issuer: string;
  /** The public client that people log in through. */
  readonly clientId: string;
  /** What the issuer wants before each of our scopes. */
  readonly scopePrefix: string;
  readonly browser: boolean;
  /** Take the address that the browser ends at from standard input, for a browser on another machine. */
  readonly paste: boolean;
  readonly timeoutMs: number;
};

/** Authorization code with PKCE; the code comes back on a loopback address (RFC 8252). @throws CliError */
export async function login(options: LoginOptions, io: Io): Promise<TokenAnswer> {
  const verifier = randomBytes(32).toString('base64url');
  const state = randomBytes(16).toString('base64url');
  const dialect = dialectOf(options.scopePrefix);
  const server = createServer();
  try {
    const redirectUri = options.paste ? cliFixedRedirect : await listen(server, dialect);
    const url = await authorizationUrl(options, dialect, { redirectUri, verifier, state });
    io.say(`Log in here:\n\n  ${url}\n`);
    if (options.browser && !options.paste) openBrowser(url.href);
    const answer = options.paste ? await pasted(io) : await received(server, redirectUri, options.timeoutMs);
    const form = {
      grant_type: 'authorization_code',
      code: codeOf(answer, state),
      redirect_uri: redirectUri,
      client_id: options.clientId,
      code_verifier: verifier,
      ...dialect.exchange,
    };
    return await requestToken(options.issuer, form);
  } finally {
    server.close();
    server.closeAllConnections();
  }
}

/** @returns where a browser reaches `server` from now on */
async function listen(server: Server, { redirectUri }: LoginDialect): Promise<string> {
  await new Promise<void>((listening, fail) => {
    server.once('error', fail);
    server.listen(redirectUri ? cliFixedPort : 0, '127.0.0.1', listening);
  }).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EADDRINUSE') throw error;
    const hint = 'end what uses it (another kolate login?), or use kolate login --paste';
    throw failed(`the issuer answers at port ${cliFixedPort} of this machine alone, and that is taken`, hint);
  });
  const { port } = server.address() as AddressInfo;
  return redirectUri ?? `http://127.0.0.1:${port}${cliRedirectPath}`;
}

type Attempt = { readonly redirectUri: string; readonly verifier: string; readonly state: string };

async function authorizationUrl(
  { issuer, clientId }: LoginOptions,
  dialect: LoginDialect,
  { redirectUri, verifier, state }: Attempt,
): Promise<URL> {
  const url = new URL((await discover(issuer)).authorization_endpoint);
  url.search = new URLSearchParams({
    response_type: 'code',
    client_id: clientId,
    redirect_uri: redirectUri,
    scope: dialect.scope,
    state,
    ...dialect.authorization,
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    code_challenge_method: 'S256',
  }).toString();
  return url;
}

function openBrowser(url: string): void {
  const opener = process.platform === 'darwin' ? 'open' : 'xdg-open';
  const child = spawn(opener, [url], { stdio: 'ignore', detached: true });
  // No browser here: the address above is enough.
  child.on('error', () => undefined);
  child.unref();
}

function received(server: Server, redirectUri: string, timeoutMs: number): Promise<URL> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(failed(`nobody logged in within ${timeoutMs / 1_000} s`)), timeoutMs);
    server.on('request', (request, response) => {
      const url = new URL(request.url ?? '/', redirectUri);
      const ours = url.pathname === cliRedirectPath;
      response.writeHead(ours ? 200 : 404, { 'content-type': 'text/plain; charset=utf-8', connection: 'close' });
      response.end(ours ? 'Done: you can close this window and go back to the terminal.\n' : 'Not here.\n');
      if (!ours) return;
      clearTimeout(timer);
      resolve(url);
    });
  });
}

async function pasted({ stdin }: Io): Promise<URL> {
  const prompt = createInterface({ input: stdin, output: process.stderr });
  const text = (await prompt.question('Address that the browser ended at: ')).trim();
  prompt.close();
  if (!URL.canParse(text)) throw failed('that is no address');
  return new URL(text);
}

function codeOf(answer: URL, state: string): string {
  const error = answer.searchParams.get('error');
  if (error) {
    const detail = answer.searchParams.get('error_description') ?? error;
    throw refusal(403, { title: 'The login was refused', code: 'KLT_TOKEN_MISSING', detail });
  }
  // RFC 9700: an answer that was not asked for by this process is not taken.
  if (answer.searchParams.get('state') !== state) throw failed('the answer belongs to another login');
  return answer.searchParams.get('code') ?? '';
}

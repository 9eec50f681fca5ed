import { readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { join, resolve } from 'node:path';
import { Readable } from 'node:stream';
import { PutParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { runCli } from '../../../cli/run-cli';
import { type Deployment, deploymentParameter } from '../../../src/contracts/deployment';
import { cliFixedPort, cliFixedRedirect } from '../../../src/contracts/identity-admin';
import { allScopes, apiAudience, cognitoScope, operatorScopes } from '../../../src/contracts/scopes';
import { createTokenVerifier } from '../../../src/platform/identity/create-token-verifier';
import { createCliHome } from '../../helpers/cli-home';
import { type FakeApi, startFakeApi } from '../../helpers/fake-api';
import { aws } from '../../helpers/ministack';
import { preparePython } from '../../helpers/python';
import { until } from '../../helpers/until';
import { startUserPool } from '../../helpers/user-pool';

const { python, reason } = preparePython(resolve('test/interop/ministack/requirements.txt'));
if (reason) process.stderr.write(`The login at Cognito is not tested here: ${reason}\n`);
const describeHere = python ? describe : describe.skip;

const person = { Username: 'ada@acme.example', Password: 'a Long 1 passphrase!' };

describeHere('kolate login at Cognito', () => {
  let pool: Awaited<ReturnType<typeof startUserPool>>;
  let cli: Awaited<ReturnType<typeof createCliHome>>;
  let api: FakeApi;
  let clientId: string;
  let before: NodeJS.ProcessEnv;

  beforeAll(async () => {
    if (!python) return;
    pool = await startUserPool(python);
    api = await startFakeApi();
    cli = await createCliHome(api.url);
    clientId = await addPublicClient();
    await addOperator();
    const endpoint = new URL(pool.jwksUri).origin;
    before = { ...process.env };
    const { accessKeyId, secretAccessKey } = aws.credentials;
    // The SDK reads its own variables.
    Object.assign(process.env, {
      ...{ AWS_REGION: aws.region, AWS_ENDPOINT_URL: endpoint },
      ...{ AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey },
    });
    await describePlatform(endpoint);
  });

  afterAll(async () => {
    if (before) process.env = before;
    await cli?.remove();
    await api?.close();
    await pool?.close();
  });

  /** As `AppClients` makes it. */
  async function addPublicClient(): Promise<string> {
    const { UserPoolClient } = await pool.cognito.createUserPoolClient({
      UserPoolId: pool.userPoolId,
      ClientName: 'cli',
      AllowedOAuthFlowsUserPoolClient: true,
      AllowedOAuthFlows: ['code'],
      AllowedOAuthScopes: ['openid', 'aws.cognito.signin.user.admin', ...allScopes.map(cognitoScope)],
      CallbackURLs: [cliFixedRedirect],
      SupportedIdentityProviders: ['COGNITO'],
    });
    return UserPoolClient?.ClientId ?? '';
  }

  /** As docs/deploy.md has it. */
  async function addOperator(): Promise<void> {
    const { Username, Password } = person;
    const UserPoolId = pool.userPoolId;
    await pool.cognito.createGroup({ UserPoolId, GroupName: 'operator' });
    await pool.cognito.adminCreateUser({ UserPoolId, Username, MessageAction: 'SUPPRESS' });
    await pool.cognito.adminSetUserPassword({ UserPoolId, Username, Password, Permanent: true });
    await pool.cognito.adminAddUserToGroup({ UserPoolId, Username, GroupName: 'operator' });
  }

  async function describePlatform(endpoint: string): Promise<void> {
    const deployment: Deployment = {
      url: api.url,
      grpc: 'grpc.example.com:443',
      issuer: `${endpoint}/${pool.userPoolId}`,
      scopePrefix: `${apiAudience}/`,
      loginClientId: clientId,
      operatorSecret: 'none',
    };
    const ssm = new SSMClient({ ...aws, endpoint });
    const Value = JSON.stringify(deployment);
    await ssm.send(new PutParameterCommand({ Name: deploymentParameter('dev'), Value, Type: 'String' }));
    ssm.destroy();
  }

  const credentials = () => join(cli.home, 'kolate', encodeURIComponent(new URL(api.url).host), 'credentials.json');
  const run = (args: string) => cli.run(args, { env: { XDG_CONFIG_HOME: cli.home } });

  function startLogin(...flags: string[]) {
    const said: string[] = [];
    const written: string[] = [];
    const ended = runCli(['--env', 'dev', 'login', '--timeout', '20', '--output', 'json', ...flags], {
      env: { XDG_CONFIG_HOME: cli.home },
      stdin: Readable.from([]),
      say: (line) => said.push(line),
      write: (text) => written.push(text),
      isTerminal: false,
    });
    const address = () => until(async () => said.join('\n').match(/http\S+/)?.[0]);
    return { ended, address, answer: () => JSON.parse(written.join('')) };
  }

  /** Fills in the form of the sign-in page, with what the page has hidden in it. */
  async function signIn(address: string): Promise<string> {
    const page = await fetch(address);
    const hidden = [...(await page.text()).matchAll(/type="hidden" name="(\w+)" value="([^"]*)"/g)];
    const body = new URLSearchParams([
      ...hidden.map(([, name = '', value = '']): [string, string] => [name, value.replaceAll('&amp;', '&')]),
      ...[['username', person.Username] as [string, string], ['password', person.Password] as [string, string]],
    ]);
    const answer = await fetch(new URL('/login', address), { method: 'POST', body, redirect: 'manual' });
    return answer.headers.get('location') ?? (await answer.text());
  }

  it('brings a person back to the registered address, who then acts with the scopes of an operator', async () => {
    const { ended, address, answer } = startLogin('--no-browser');
    const callback = await signIn(await address());
    expect(callback).toMatch(new RegExp(`^${cliFixedRedirect}\\?code=`));
    await fetch(callback);
    expect(await ended).toBe(0);
    expect(answer()).toMatchObject({ expiresIn: expect.any(Number) });

    const { stdout } = await run('--env dev token --operator');
    const verify = createTokenVerifier({ issuer: pool.issuer, jwksUri: pool.jwksUri });
    expect(await verify(stdout.trim())).toMatchObject({
      ...{ roles: ['operator'], tenantId: undefined, scopes: new Set(operatorScopes) },
    });
  });

  it('renews what has expired', async () => {
    const kept = JSON.parse(await readFile(credentials(), 'utf8'));
    expect(kept.session).toMatchObject({ clientId, refreshToken: expect.any(String) });
    await writeFile(credentials(), JSON.stringify({ ...kept, session: { ...kept.session, expiresAt: 1 } }));
    expect(await run('--env dev token --operator')).toMatchObject({ exitCode: 0, stderr: '' });
    const renewed = JSON.parse(await readFile(credentials(), 'utf8')).session;
    expect(renewed.expiresAt).toBeGreaterThan(Date.now() / 1_000);
  });

  it('says that the port is taken, and how to log in without it', async () => {
    const other = createServer();
    await new Promise<void>((listening) => other.listen(cliFixedPort, '127.0.0.1', listening));
    const { ended, answer } = startLogin('--no-browser');
    expect(await ended).toBe(1);
    expect(answer()).toMatchObject({
      detail: expect.stringContaining(String(cliFixedPort)),
      hint: expect.stringContaining('--paste'),
    });
    await new Promise((closed) => other.close(closed));
  });

  it('asks whoever names the platform by its address which client people log in through', async () => {
    const answer = await run(`--url ${api.url} --issuer ${pool.issuer} login --no-browser`);
    expect(answer).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('--login-client') });
  });
});

import { createCliHome } from '../../helpers/cli-home';
import { type Asked, type FakeApi, startFakeApi } from '../../helpers/fake-api';

const tenant = {
  id: '0190a0a0-0000-7000-8000-000000000001',
  slug: 'acme',
  name: 'Acme',
  tier: 'pool',
  state: 'active',
};
const variables = {
  AWS_REGION: 'us-east-1',
  AWS_ACCESS_KEY_ID: 'of-the-test',
  AWS_SECRET_ACCESS_KEY: 'of-the-test',
  AWS_ENDPOINT_URL: '',
};

let api: FakeApi;
let cli: Awaited<ReturnType<typeof createCliHome>>;
let before: NodeJS.ProcessEnv;

const run = (args: string) => cli.run(args, { env: { XDG_CONFIG_HOME: cli.home } });

/** What SSM and Secrets Manager answer: both are asked by a POST whose header says for what. */
const aws =
  (answers: Readonly<Record<string, unknown>>) =>
  ({ headers }: Asked) => {
    const operation = String(headers['x-amz-target']).split('.')[1] ?? '';
    const body = answers[operation];
    return body ? { body } : { status: 400, body: { __type: 'ParameterNotFound', message: 'no such parameter' } };
  };

beforeEach(async () => {
  api = await startFakeApi();
  cli = await createCliHome(api.url);
  before = { ...process.env };
  // The SDK reads its own variables.
  Object.assign(process.env, variables, { AWS_ENDPOINT_URL: api.url });
  const deployment = {
    ...{ url: api.url, grpc: 'grpc.example.com:443', issuer: api.url, loginClientId: 'people' },
    ...{ scopePrefix: 'https://api.kolate/', operatorSecret: 'kolate/prod/operator' },
  };
  api.on(
    'POST /',
    aws({
      GetParameter: { Parameter: { Value: JSON.stringify(deployment) } },
      GetSecretValue: { SecretString: JSON.stringify({ clientId: 'operator', clientSecret: 's3cret' }) },
    }),
  );
  api.on('GET /v1/tenants', { body: { items: [tenant] } });
});

afterEach(async () => {
  process.env = before;
  await cli.remove();
  await api.close();
});

it('acts on the platform that the stacks of an environment describe, as its operator', async () => {
  const answer = await run('--env prod tenant list --output json');
  expect(answer).toMatchObject({ exitCode: 0, stderr: '' });
  expect(JSON.parse(answer.stdout).items).toEqual([tenant]);
  const [asked] = api.asked.filter(({ path, text }) => path === '/' && text.includes('Name'));
  expect(asked?.text).toContain('/kolate/prod/deployment');
});

it('asks for scopes as the issuer knows them', async () => {
  await run('--env prod tenant list');
  const [asked] = api.asked.filter(({ path }) => path === '/token');
  const scopes = new URLSearchParams(asked?.text).get('scope')?.split(' ') ?? [];
  expect(scopes).toContain('https://api.kolate/tenants:read');
  for (const scope of scopes) expect(scope).toMatch(/^https:\/\/api\.kolate\//);
});

it('asks in the region of the environment, whichever one the shell is set to', async () => {
  await run('--env prod-standby tenant list');
  const regions = api.asked
    .filter(({ path }) => path === '/')
    .map(({ headers }) => /us-\w+-\d\/\w+/.exec(headers.authorization ?? '')?.[0]);
  expect(regions).toEqual(['us-west-2/ssm', 'us-west-2/secretsmanager']);
});

it('says so when nothing is deployed under that name', async () => {
  api.on('POST /', aws({}));
  const answer = await run('--env dev tenant list');
  expect(answer).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('/kolate/dev/deployment') });
});

it.each(['nope', '../x'])(
  'answers %s, which is no environment, with those that are, and asks AWS nothing',
  async (name) => {
    const answer = await run(`--env ${name} tenant list`);
    const stderr = `error: --env is "${name}"; expected dev or prod or prod-standby, as in lib/config/environments.ts`;
    expect(answer).toMatchObject({ exitCode: 2, stderr });
    expect(api.asked).toEqual([]);
  },
);

it('refuses what another version has written down', async () => {
  api.on('POST /', aws({ GetParameter: { Parameter: { Value: '{"url":"https://x"}' } } }));
  const answer = await run('--env prod tenant list');
  expect(answer).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('another version') });
});

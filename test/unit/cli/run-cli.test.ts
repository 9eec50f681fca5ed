import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { createCliHome } from '../../helpers/cli-home';
import { type FakeApi, startFakeApi } from '../../helpers/fake-api';

const tenantId = '0190a0a0-0000-7000-8000-000000000001';
const operationId = '0190a0a0-0000-7000-8000-000000000002';
const tenant = { id: tenantId, slug: 'acme', name: 'Acme', tier: 'pool', state: 'active' };
const operation = (status: string, step: string) => ({
  body: {
    id: operationId,
    kind: 'tenant-onboarding',
    tenantId,
    status,
    steps: [{ name: 'place', status: step, attempt: 1 }],
  },
});

let api: FakeApi;
let cli: Awaited<ReturnType<typeof createCliHome>>;

beforeEach(async () => {
  api = await startFakeApi();
  cli = await createCliHome(api.url);
  api.on('GET /v1/tenants', { body: { items: [tenant] } });
  api.on(`GET /v1/tenants/${tenantId}`, { body: tenant, headers: { etag: '"3"' } });
  api.on(`POST /v1/tenants/${tenantId}/client-secret`, { body: { clientId: 'acme-client', clientSecret: 's3cret' } });
});

afterEach(async () => {
  await cli.remove();
  await api.close();
});

const asked = (route: string) => api.asked.filter(({ method, path }) => `${method} ${path}` === route);

it('onboards a tenant, shows its secret once and keeps it where the owner alone can read it', async () => {
  api.on('POST /v1/tenants', { status: 202, body: { operationId, tenantId, status: 'running' } });
  api.on(`GET /v1/operations/${operationId}`, operation('running', 'running'), operation('succeeded', 'succeeded'));
  const run = await cli.run('tenant create acme --contact ops@acme.example --wait --output json');
  expect(run.exitCode).toBe(0);
  expect(JSON.parse(run.stdout)).toMatchObject({ tenant, client: { clientId: 'acme-client', clientSecret: 's3cret' } });
  expect(run.stderr).toContain('place');
  const mode = (await stat(join(cli.home, 'cli/credentials.json'))).mode;
  expect(mode & 0o077).toBe(0);
  await cli.run('token --tenant acme');
  expect(asked(`POST /v1/tenants/${tenantId}/client-secret`)).toHaveLength(1);
});

it('sends an Idempotency-Key, and the same one when it has to send again', async () => {
  api.on(
    'POST /v1/tenants',
    { status: 503, body: {} },
    { status: 202, body: { operationId, tenantId, status: 'running' } },
  );
  expect(await cli.run('tenant create acme --contact ops@acme.example')).toMatchObject({ exitCode: 0 });
  const keys = asked('POST /v1/tenants').map(({ headers }) => headers['idempotency-key']);
  expect(keys).toHaveLength(2);
  expect(keys[0]).toBeTruthy();
  expect(keys[1]).toBe(keys[0]);
});

it('tries again what is refused for seconds, but not what is refused for the rest of the day', async () => {
  const refusedFor = (seconds: number) => ({
    status: 429,
    body: { code: 'KLT_QUOTA_EXHAUSTED', detail: 'used up' },
    headers: { 'retry-after': String(seconds) },
  });
  api.on('GET /v1/tenants', refusedFor(2), { body: { items: [tenant] } });
  expect(await cli.run('tenant list')).toMatchObject({ exitCode: 0 });
  expect(asked('GET /v1/tenants')).toHaveLength(2);
  api.on('GET /v1/tenants', refusedFor(38_000));
  expect(await cli.run('tenant list')).toMatchObject({ exitCode: 3, stderr: expect.stringContaining('used up') });
  expect(asked('GET /v1/tenants')).toHaveLength(3);
});

it('ends with 1 when the operation failed, and still prints it as one JSON document', async () => {
  api.on(`GET /v1/operations/${operationId}`, operation('failed', 'failed'));
  const run = await cli.run(`operation watch ${operationId} -o json`);
  expect(run.exitCode).toBe(1);
  expect(JSON.parse(run.stdout)).toMatchObject({ status: 'failed' });
});

it('goes on waiting for an operation while the platform cannot be asked', async () => {
  const away = Array.from({ length: 6 }, () => ({ status: 503, body: { detail: 'PostgreSQL does not answer' } }));
  api.on(`GET /v1/operations/${operationId}`, ...away, operation('succeeded', 'succeeded'));
  const run = await cli.run(`operation watch ${operationId} -o json`);
  expect(run).toMatchObject({ exitCode: 0, stderr: expect.stringContaining('PostgreSQL does not answer') });
});

it('ends with 2 for a command line that is not right, and says so as a problem where JSON was asked for', async () => {
  const run = await cli.run('tenant create acme --output json');
  expect(run.exitCode).toBe(2);
  expect(JSON.parse(run.stdout)).toMatchObject({ code: 'KLT_CLI_USAGE', detail: expect.stringContaining('--contact') });
  expect(run.stderr).toBe('');
});

it('ends with 3 when the API refuses, and prints the problem with its pointers', async () => {
  const problem = {
    status: 422,
    code: 'KLT_REQUEST_INVALID',
    detail: 'no',
    errors: [
      { pointer: '/slug', detail: 'is short' },
      { parameter: 'limit', in: 'query', detail: 'must be >= 1' },
    ],
  };
  api.on('POST /v1/tenants', { status: 422, body: problem });
  const json = await cli.run('tenant create a --contact ops@acme.example --output json');
  expect(json.exitCode).toBe(3);
  expect(JSON.parse(json.stdout)).toMatchObject(problem);
  const table = await cli.run('tenant create a --contact ops@acme.example');
  expect(table.stdout).toBe('');
  expect(table.stderr).toContain('/slug: is short');
  expect(table.stderr).toContain('limit (query): must be >= 1');
});

it('ends with 4 when nothing runs, and says how to start it', async () => {
  await api.close();
  const run = await cli.run('tenant create acme --contact ops@acme.example', { env: { KOLATE_HOME: '/nowhere' } });
  expect(run).toMatchObject({ exitCode: 4, stdout: '', stderr: expect.stringContaining('npm start') });
});

it('does not send a request again that has no Idempotency-Key', async () => {
  api.on('POST /v2/models/iris/infer', { status: 503, body: { error: 'busy' } });
  const run = await cli.run('predict --model iris --data - --tenant acme', {
    stdin: '{"inputs":[{"name":"x","datatype":"FP32","shape":[1],"data":[1]}]}',
  });
  expect(run).toMatchObject({ exitCode: 4, stderr: expect.stringContaining('busy') });
  expect(asked('POST /v2/models/iris/infer')).toHaveLength(1);
});

it('asks for one token and takes it again, until it is refused', async () => {
  api.on('GET /v1/tenants', { body: { items: [] } });
  await cli.run('tenant list');
  await cli.run('tenant list');
  expect(asked('POST /token')).toHaveLength(1);
  api.on('GET /v1/tenants', { status: 401, body: {} }, { body: { items: [] } });
  expect(await cli.run('tenant list')).toMatchObject({ exitCode: 0 });
  expect(asked('POST /token')).toHaveLength(2);
  expect(asked('GET /v1/tenants').at(-1)?.headers.authorization).toBe('Bearer token-2');
});

it('shapes rows by the metadata of the model and keeps 64-bit integers exact', async () => {
  api.on('GET /v2/models/ids', { body: { inputs: [{ name: 'id', datatype: 'INT64', shape: [-1, 1] }] } });
  const output =
    '{"model_name":"ids","outputs":[{"name":"id","datatype":"INT64","shape":[1],"data":[9007199254740993]}]}';
  api.on('POST /v2/models/ids/infer', { raw: output });
  const run = await cli.run('predict --model ids --data - --tenant acme -o json', {
    stdin: '[{"id":9007199254740993}]',
  });
  expect(asked('POST /v2/models/ids/infer')[0]?.text).toContain('"data":[9007199254740993]');
  expect(run.stdout).toContain('9007199254740993');
});

it('sends If-Match with an update', async () => {
  api.on(`PATCH /v1/tenants/${tenantId}`, { body: tenant });
  await cli.run('tenant update acme --name New');
  expect(asked(`PATCH /v1/tenants/${tenantId}`)[0]?.headers['if-match']).toBe('"3"');
});

it.each(['change-tier acme dedicated', 'change-tier acme --tier dedicated'])('takes the tier of: %s', async (line) => {
  const route = `POST /v1/tenants/${tenantId}/change-tier`;
  api.on(route, { status: 202, body: { operationId, tenantId, status: 'running' } });
  expect(await cli.run(`tenant ${line}`)).toMatchObject({ exitCode: 0 });
  expect(JSON.parse(asked(route)[0]?.text ?? '')).toEqual({ tier: 'dedicated' });
});

it.each([
  ['change-tier acme', 'kolate tenant change-tier acme dedicated'],
  ['change-tier acme pool --tier dedicated', 'two tiers'],
])('refuses: tenant %s', async (line, said) => {
  expect(await cli.run(`tenant ${line}`)).toMatchObject({ exitCode: 2, stderr: expect.stringContaining(said) });
});

it('says how to get a new secret when the first one was shown elsewhere', async () => {
  api.on(`POST /v1/tenants/${tenantId}/client-secret`, {
    status: 409,
    body: { code: 'KLT_SECRET_ALREADY_SHOWN', detail: 'shown' },
  });
  const run = await cli.run('model list --tenant acme');
  expect(run).toMatchObject({ exitCode: 3, stderr: expect.stringContaining('rotate-secret acme') });
});

it('needs a tenant for what belongs to a tenant', async () => {
  expect(await cli.run('model list')).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('--tenant') });
});

it('takes address and credentials from the environment instead of a home', async () => {
  const env = {
    KOLATE_HOME: '/nowhere',
    XDG_CONFIG_HOME: cli.home,
    KOLATE_URL: api.url,
    KOLATE_ISSUER: api.url,
    KOLATE_CLIENT_ID: 'given',
    KOLATE_CLIENT_SECRET: 'secret',
  };
  expect(await cli.run('tenant list', { env })).toMatchObject({ exitCode: 0 });
  const basic = Buffer.from('given:secret').toString('base64');
  expect(asked('POST /token')[0]?.headers.authorization).toBe(`Basic ${basic}`);
});

it.each(['bash', 'zsh', 'fish'])('prints a completion script for %s that knows the subcommands', async (shell) => {
  const run = await cli.run(`completion ${shell}`);
  expect(run.stdout).toContain('change-tier');
});

it('prints the API as OpenAPI without asking anybody', async () => {
  const run = await cli.run('openapi -o json', { env: { KOLATE_HOME: '/nowhere' } });
  expect(JSON.parse(run.stdout)).toMatchObject({ openapi: expect.stringMatching(/^3\.1/) });
  expect(Object.keys(JSON.parse(run.stdout).paths)).toContain('/v1/tenants');
});

describe('a plan of a tenant', () => {
  const plan = {
    kind: 'tenant-onboarding',
    tier: 'dedicated',
    steps: [{ name: 'provision', command: 'stores.provision', undo: 'stores.destroy', timeoutMs: 600_000 }],
    resources: [
      { kind: 'AWS::EC2::Volume', name: 'kolate-tenant-*', count: 2, where: 'a zone of eu-west-1', usdPerMonth: 6.4 },
    ],
    cost: { usdPerMonth: 42.5, region: 'us-east-1', priceDate: '2026-11-21', note: 'list prices' },
  };
  const free = { ...plan, cost: { usdPerMonth: 0, note: 'no cost: runs on this machine' } };

  it('is asked for as a dry run, with a slug that nobody has and without a key', async () => {
    api.on('POST /v1/tenants', { body: plan });
    const run = await cli.run('tenant plan --tier dedicated --shards 2 --output json');
    expect([run.exitCode, JSON.parse(run.stdout)]).toEqual([0, plan]);
    const [request] = asked('POST /v1/tenants');
    expect(request?.query.get('dryRun')).toBe('true');
    expect(JSON.parse(request?.text ?? '')).toMatchObject({
      ...{ slug: expect.stringMatching(/^plan-[0-9a-f]{16}$/), tier: 'dedicated', shards: 2 },
    });
  });

  it('is a table of what would be made and done, with the cost by whose price list and of when', async () => {
    api.on('POST /v1/tenants', { body: plan });
    const { stdout } = await cli.run('tenant plan acme --tier dedicated');
    expect(stdout).toMatch(/2 +AWS::EC2::Volume +a zone of eu-west-1 +6\.40 +kolate-tenant-\*/);
    expect(stdout).toContain('USD 42.50 a month, by the price list of us-east-1 of 2026-11-21');
    expect(stdout).toContain('stores.provision');
    expect(JSON.parse(asked('POST /v1/tenants')[0]?.text ?? '')).toMatchObject({ slug: 'acme' });
    api.on('POST /v1/tenants', { body: free });
    expect((await cli.run('tenant plan --tier dedicated')).stdout).toContain('no cost: runs on this machine');
  });

  it('ends with 2 without a tier, and with 3 and the tiers that there are for one that is unknown', async () => {
    expect((await cli.run('tenant plan')).exitCode).toBe(2);
    const detail = 'there is no tier "gold"; there are pool, shared-cell, dedicated';
    api.on('POST /v1/tenants', { status: 422, body: { code: 'KLT_TIER_UNKNOWN', detail } });
    const refused = await cli.run('tenant plan --tier gold');
    expect(refused).toMatchObject({ exitCode: 3, stderr: expect.stringContaining(detail) });
  });

  it('has examples in its help', async () => {
    expect((await cli.run('tenant plan --help')).stdout).toContain('$ kolate tenant plan --tier dedicated');
  });
});

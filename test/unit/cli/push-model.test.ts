import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createCliHome } from '../../helpers/cli-home';
import { type FakeApi, startFakeApi } from '../../helpers/fake-api';

const bytes = 'not really a model';
const sha256 = 'a83ad52ba38fc3c92f1b2a9d2e4ab1b9a2d3dfa08a9c0d0e2ed9e1f3dd1c4c57';
let api: FakeApi;
let cli: Awaited<ReturnType<typeof createCliHome>>;
let file: string;

beforeEach(async () => {
  api = await startFakeApi();
  cli = await createCliHome(api.url);
  file = join(cli.home, 'model.onnx');
  await writeFile(file, bytes);
  api.on('POST /v1/models', { status: 409, body: { code: 'KLT_MODEL_EXISTS', detail: 'exists' } });
  api.on('POST /v1/models/iris/versions', {
    status: 201,
    body: {
      model: 'iris',
      version: '2',
      state: 'awaiting-upload',
      upload: { method: 'PUT', url: `${api.url}/bucket/key?signed`, headers: { 'x-amz-checksum-sha256': 'abc' } },
    },
  });
  api.on('PUT /bucket/key', {});
  api.on('POST /v1/models/iris/versions/2/complete', { status: 202, body: { state: 'validating' } });
});

afterEach(async () => {
  await cli.remove();
  await api.close();
});

const push = (more = '') => cli.run(`model push ${file} --name iris ${more}`, { env: { KOLATE_TOKEN: 'given' } });
const version = (state: string, more: object = {}) => ({
  body: { model: 'iris', version: '2', state, sizeBytes: 18, sha256, ...more },
});

it('uploads where it was told to with the headers asked for, waits until ready and moves the alias', async () => {
  api.on('GET /v1/models/iris/versions/2', version('validating'), version('ready'));
  api.on('PUT /v1/models/iris/aliases/live', { body: { alias: 'live', model: 'iris', version: '2', history: [] } });
  const run = await push('--alias live --wait -o json');
  expect(run.exitCode).toBe(0);
  expect(JSON.parse(run.stdout)).toMatchObject({ state: 'ready', alias: 'live' });
  const announced = api.asked.find(({ path }) => path === '/v1/models/iris/versions');
  expect(JSON.parse(announced?.text ?? '')).toMatchObject({ sizeBytes: bytes.length });
  const sent = api.asked.find(({ path }) => path === '/bucket/key');
  expect(sent).toMatchObject({ text: bytes, headers: { 'x-amz-checksum-sha256': 'abc' } });
  expect(sent?.headers.authorization).toBeUndefined();
});

it('ends with 1 and the reason when the file is rejected, and leaves the alias alone', async () => {
  const rejection = { code: 'KLT_MODEL_REJECTED', detail: 'it is a zip file', hint: 'export it as ONNX' };
  api.on('GET /v1/models/iris/versions/2', version('rejected', { rejection }));
  const run = await push('--alias live -o json');
  expect(run.exitCode).toBe(1);
  expect(JSON.parse(run.stdout)).toMatchObject(rejection);
  expect(api.asked.some(({ path }) => path.includes('/aliases/'))).toBe(false);
});

it('refuses a version that exists with other bytes', async () => {
  const problem = { code: 'KLT_MODEL_VERSION_EXISTS', detail: 'exists' };
  api.on('POST /v1/models/iris/versions', { status: 409, body: problem });
  api.on('GET /v1/models/iris/versions/2', version('ready'));
  expect(await push('--version 2')).toMatchObject({ exitCode: 3, stderr: expect.stringContaining('exists') });
});

it('says which file it cannot read', async () => {
  const run = await cli.run('model push /no/such.onnx --name iris', { env: { KOLATE_TOKEN: 'given' } });
  expect(run).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('/no/such.onnx') });
});

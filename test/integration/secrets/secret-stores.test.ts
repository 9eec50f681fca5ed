import { chmod, mkdtemp, readdir, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createAwsSecrets } from '../../../src/platform/secrets/create-aws-secrets';
import { createFileSecrets } from '../../../src/platform/secrets/create-file-secrets';
import { createFakeSecrets } from '../../../src/platform/secrets/secret-store.fake';
import { describeSecretStore } from '../../helpers/secret-store-contract';
import { startSecretsManagerEndpoint } from '../../helpers/secrets-manager-endpoint';

const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };

describe('secrets in files', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'kolate-secrets-'));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  describeSecretStore('files', () => createFileSecrets(join(folder, 'store')));

  it('lets the owner alone read what it keeps, at every level', async () => {
    const root = join(folder, 'modes');
    await createFileSecrets(root).put('a/b/c', 'x');
    const modes = await Promise.all(
      ['', 'a', 'a/b', 'a/b/c.secret'].map(async (path) => ((await stat(join(root, path))).mode & 0o777).toString(8)),
    );
    expect(modes).toEqual(['700', '700', '700', '600']);
  });

  it.each([
    ['a file that a group can read', 'wide/one.secret', 0o640],
    ['a file that anyone can read', 'wide/one.secret', 0o604],
    ['a folder that others can enter', 'wide', 0o711],
  ])('refuses %s, naming its mode', async (_what, path, mode) => {
    const root = join(folder, `refused-${mode}`);
    const store = createFileSecrets(root);
    await store.put('wide/one', 'x');
    await chmod(join(root, path), mode);
    await expect(store.get('wide/one')).rejects.toMatchObject({
      code: 'KLT_CONFIG_INVALID',
      detail: expect.stringContaining(mode.toString(8)),
    });
  });

  it('writes into no folder that others can enter', async () => {
    const root = join(folder, 'open');
    await createFileSecrets(root).put('first', 'x');
    await chmod(root, 0o755);
    await expect(createFileSecrets(root).put('second', 'x')).rejects.toMatchObject({ code: 'KLT_CONFIG_INVALID' });
  });

  it('follows no link out of its folder', async () => {
    const root = join(folder, 'links');
    const store = createFileSecrets(root);
    await store.put('real', 'x');
    await writeFile(join(folder, 'elsewhere'), 'stolen', { mode: 0o600 });
    await symlink(join(folder, 'elsewhere'), join(root, 'link.secret'));
    await expect(store.get('link')).rejects.toMatchObject({ code: 'KLT_CONFIG_INVALID' });
  });

  it('leaves one whole value and nothing else when many write at once', async () => {
    const root = join(folder, 'race');
    const store = createFileSecrets(root);
    const values = Array.from({ length: 20 }, (_, index) => `${index}`.repeat(10_000));
    await Promise.all(values.map((value) => store.put('contested', value)));
    expect(values).toContain(await store.get('contested'));
    expect(await readdir(root)).toEqual(['contested.secret']);
  });
});

describe('secrets in Secrets Manager', () => {
  let endpoint: Awaited<ReturnType<typeof startSecretsManagerEndpoint>>;
  let time = 0;
  const open = (folder = 'kolate/test') =>
    createAwsSecrets({
      ...{ region: 'eu-west-1', endpoint: endpoint.url, credentials, cacheMs: 60_000, now: () => time, folder },
    });
  beforeAll(async () => {
    endpoint = await startSecretsManagerEndpoint();
  });
  afterEach(() => endpoint.failWith(undefined));
  afterAll(() => endpoint.close());

  describeSecretStore('Secrets Manager', () => open());

  it('keeps apart what environments of one account call alike', async () => {
    await open('kolate/dev').put('alike', 'of dev');
    await open('kolate/prod').put('alike', 'of prod');
    expect(await open('kolate/dev').get('alike')).toBe('of dev');
    await open('kolate/dev').delete('alike');
    expect(await open('kolate/prod').get('alike')).toBe('of prod');
    expect([...endpoint.secrets.keys()]).toContain('kolate/prod/alike');
  });

  it('asks once for many readers, and again when the value has become old', async () => {
    endpoint.secrets.set('kolate/test/shared', 'v1');
    const store = open();
    const before = endpoint.callsOf('GetSecretValue');
    await Promise.all(Array.from({ length: 10 }, () => store.get('shared')));
    await store.get('shared');
    expect(endpoint.callsOf('GetSecretValue') - before).toBe(1);
    endpoint.secrets.set('kolate/test/shared', 'v2');
    expect(await store.get('shared')).toBe('v1');
    time += 60_000;
    expect(await store.get('shared')).toBe('v2');
  });

  it('answers the rotated value after a refresh', async () => {
    endpoint.secrets.set('kolate/test/rotated', 'before');
    const store = open();
    await store.get('rotated');
    endpoint.secrets.set('kolate/test/rotated', 'after');
    expect(await store.refresh('rotated')).toBe('after');
    expect(await store.get('rotated')).toBe('after');
  });

  it('tells a refusal from an outage', async () => {
    const store = open();
    endpoint.failWith({ status: 400, type: 'AccessDeniedException' });
    await expect(store.get('forbidden')).rejects.toMatchObject({ code: 'KLT_STORE_ACCESS_DENIED' });
    endpoint.failWith({ status: 500, type: 'InternalServiceError' });
    await expect(store.get('down')).rejects.toMatchObject({ code: 'KLT_DEPENDENCY_UNAVAILABLE', retryable: true });
  });
});

describeSecretStore('in memory', createFakeSecrets);

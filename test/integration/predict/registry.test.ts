import { readFileSync } from 'node:fs';
import type { Alias, Model, ModelVersion, UploadGrant } from '../../../src/contracts/http/models';
import { linearModel } from '../../builders/onnx-models';
import {
  ask,
  judged,
  push,
  type RegistryFixture,
  sha256Of,
  startRegistry,
  upload,
} from '../../helpers/registry-fixture';
import { listSamples } from '../../helpers/samples';
import { until } from '../../helpers/until';

let registry: RegistryFixture;
let token: string;
const iris = listSamples().find(({ sample }) => sample.name === 'iris-classifier');
const irisBytes = readFileSync(iris?.onnxPath ?? '');

beforeAll(async () => {
  registry = await startRegistry(2);
  token = registry.tenant.id;
}, 120_000);
afterAll(() => registry.close());

const call = (...request: Parameters<typeof ask> extends [unknown, unknown, ...infer R] ? R : never) =>
  ask(registry.app, token, ...request);

describe('registering a model', () => {
  it('answers it with the settings that were left out, and shows it again with an ETag', async () => {
    const created = await call('POST', '/v1/models', { name: 'flowers', settings: { maxRows: 50 } });
    expect(created).toMatchObject({
      status: 201,
      headers: { location: '/v1/models/flowers' },
      body: { name: 'flowers', description: '', aliases: {}, settings: { maxRows: 50, recording: 'best-effort' } },
    });
    const shown = await call('GET', '/v1/models/flowers');
    expect(shown.body).toEqual(created.body);
    const etag = String(shown.headers.etag);
    expect(await call('GET', '/v1/models/flowers', undefined, { 'if-none-match': etag })).toMatchObject({
      status: 304,
    });
  });

  it('refuses a second one of the same name, but answers a repeated request as the first', async () => {
    const key = { 'idempotency-key': 'register-twice' };
    const first = await call('POST', '/v1/models', { name: 'twice' }, key);
    const again = await call('POST', '/v1/models', { name: 'twice' }, key);
    expect(again).toMatchObject({ status: 201, body: first.body, headers: { 'idempotency-replayed': 'true' } });
    expect(await call('POST', '/v1/models', { name: 'twice' })).toMatchObject({
      status: 409,
      body: { code: 'KLT_MODEL_EXISTS' },
    });
  });

  it('changes the settings that are named and leaves the others', async () => {
    await call('POST', '/v1/models', { name: 'tuned', settings: { refuseNaN: true, maxRows: 7 } });
    const changed = await call('PATCH', '/v1/models/tuned', { settings: { recording: 'required' } });
    expect(changed).toMatchObject({
      status: 200,
      body: { settings: { refuseNaN: true, maxRows: 7, recording: 'required', recordInputs: 'full' } },
    });
  });

  it.each(['/v1/models', '/v1/models/flowers/versions', '/v1/predictions'])('lists %s with an ETag', async (path) => {
    const { headers } = await call('GET', path);
    const again = await call('GET', path, undefined, { 'if-none-match': String(headers.etag) });
    expect([headers.etag, again.status]).toEqual([expect.stringMatching(/^".+"$/), 304]);
  });

  it('lists models page by page, and only the fields that were asked for', async () => {
    const names: string[] = [];
    let cursor = '';
    do {
      const { body } = await call('GET', `/v1/models?limit=1&fields=name${cursor && `&cursor=${cursor}`}`);
      const page: { items: Partial<Model>[]; nextCursor?: string } = body;
      for (const item of page.items) {
        expect(Object.keys(item)).toEqual(['name']);
        names.push(item.name ?? '');
      }
      cursor = page.nextCursor ?? '';
    } while (cursor !== '');
    expect(names).toEqual([...names].sort());
    expect(names).toEqual(expect.arrayContaining(['flowers', 'tuned', 'twice']));
  });

  it('shows nothing of one tenant to another', async () => {
    const [, other] = registry.tenants;
    expect(await ask(registry.app, other?.id ?? '', 'GET', '/v1/models/flowers')).toMatchObject({
      status: 404,
      body: { code: 'KLT_MODEL_NOT_FOUND' },
    });
  });

  it.each([
    [{ name: 'Upper' }, '/name'],
    [{ name: 'ok', extra: 1 }, '/extra'],
    [{ name: 'ok', settings: { maxRows: 0 } }, '/settings/maxRows'],
    [{}, '/name'],
  ])('refuses %j, pointing to %s', async (body, pointer) => {
    expect(await call('POST', '/v1/models', body)).toMatchObject({ status: 422, body: { errors: [{ pointer }] } });
  });

  it('lets a reader read only', async () => {
    const answer = await ask(registry.app, `reader:${token}`, 'POST', '/v1/models', { name: 'nope' });
    expect(answer).toMatchObject({ status: 403, body: { code: 'KLT_SCOPE_MISSING' } });
  });
});

describe('uploading a version', () => {
  beforeAll(() => call('POST', '/v1/models', { name: 'iris' }));

  it('validates a good file: its signature is read from it, and it is ready', async () => {
    const version = await push(registry.app, token, 'iris', irisBytes);
    expect(version).toMatchObject({
      version: '1',
      state: 'ready',
      lane: 'fast',
      sha256: sha256Of(irisBytes),
      signature: { inputs: [{ name: 'features', datatype: 'FP32', shape: [-1, 4] }], batchable: true },
    });
    expect(version).not.toHaveProperty('rejection');
  });

  it('names versions 2, 3 … and never gives a name that is taken', async () => {
    await upload(registry.app, token, 'iris', irisBytes, '2');
    expect((await upload(registry.app, token, 'iris', irisBytes)).version).toBe('3');
  });

  it('refuses another file under the name of a version that exists', async () => {
    const body = { version: '1', sha256: sha256Of(linearModel()), sizeBytes: linearModel().length };
    expect(await call('POST', '/v1/models/iris/versions', body)).toMatchObject({
      status: 409,
      body: { code: 'KLT_MODEL_VERSION_EXISTS' },
    });
  });

  it('gives out another URL for the same file while it has not been uploaded', async () => {
    const body = { version: 'slow', sha256: sha256Of(irisBytes), sizeBytes: irisBytes.length };
    const first: UploadGrant = (await call('POST', '/v1/models/iris/versions', body)).body;
    const second = await call('POST', '/v1/models/iris/versions', body);
    expect(second).toMatchObject({ status: 201, body: { version: 'slow', state: 'awaiting-upload' } });
    expect(new URL((second.body as UploadGrant).upload.url).pathname).toBe(new URL(first.upload.url).pathname);
  });

  it('refuses to complete before the file is there', async () => {
    expect(await call('POST', '/v1/models/iris/versions/slow/complete')).toMatchObject({
      status: 409,
      body: { code: 'KLT_UPLOAD_MISSING' },
    });
  });

  it('has other bytes refused by the store', async () => {
    const { upload: to }: UploadGrant = (
      await call('POST', '/v1/models/iris/versions', { sha256: sha256Of(irisBytes), sizeBytes: irisBytes.length })
    ).body;
    const changed = Buffer.from(irisBytes).fill(1, 10, 12);
    const put = await fetch(to.url, { method: 'PUT', headers: to.headers, body: changed });
    expect(put.status).toBe(400);
  });

  it('rejects what is not the announced file even when the store has let it in', async () => {
    const body = { version: 'swapped', sha256: sha256Of(irisBytes), sizeBytes: irisBytes.length };
    await call('POST', '/v1/models/iris/versions', body);
    const { rows } = await registry.tenant.postgres.sql.query<{ blob_key: string }>(
      `select blob_key from model.version where version = 'swapped'`,
    );
    await registry.blobs.put(rows[0]?.blob_key ?? '', Buffer.from(irisBytes).fill(1, 10, 12));
    const completed = await call('POST', '/v1/models/iris/versions/swapped/complete');
    // The store may know the checksum of what it has; where it does not, reading the file tells.
    if (completed.status === 422) expect(completed.body).toMatchObject({ code: 'KLT_UPLOAD_MISMATCH' });
    else {
      expect(await judged(registry.app, token, 'iris', 'swapped')).toMatchObject({
        state: 'rejected',
        rejection: { code: 'upload_mismatch' },
      });
    }
  });

  it('refuses a file of another size', async () => {
    const body = { version: 'short', sha256: sha256Of(irisBytes), sizeBytes: irisBytes.length + 1 };
    await call('POST', '/v1/models/iris/versions', body);
    const { rows } = await registry.tenant.postgres.sql.query<{ blob_key: string }>(
      `select blob_key from model.version where version = 'short'`,
    );
    await registry.blobs.put(rows[0]?.blob_key ?? '', irisBytes);
    expect(await call('POST', '/v1/models/iris/versions/short/complete')).toMatchObject({
      status: 422,
      body: { code: 'KLT_UPLOAD_MISMATCH' },
    });
  });

  it.each([
    ['a zip', Buffer.from('PK\u0003\u0004and so on'), 'is_zip'],
    ['random bytes', Buffer.from(Array.from({ length: 300 }, (_, i) => (i * 7919) % 251)), undefined],
    ['half of a model', irisBytes.subarray(0, irisBytes.length / 2), undefined],
  ])('rejects %s with the reason, and goes on', async (_what, bytes, code) => {
    const version = await push(registry.app, token, 'iris', bytes);
    expect(version).toMatchObject({ state: 'rejected', rejection: { detail: expect.any(String) } });
    if (code) expect(version.rejection?.code).toBe(code);
  });

  it('takes up at the next start what a crash had left validating', async () => {
    await registry.stopWork();
    const { version } = await upload(registry.app, token, 'iris', irisBytes, 'left');
    // As if it had been claimed by a process that died right then.
    await registry.tenant.postgres.sql
      .run`update model.version set claimed_until = now() + interval '1 second', validation_attempts = 1 where version = 'left'`;
    await registry.restartWork();
    registry.poke(token);
    expect(await judged(registry.app, token, 'iris', version)).toMatchObject({ state: 'ready' });
  });

  it('gives up a file whose validation was cut short again and again', async () => {
    await registry.stopWork();
    const { version } = await upload(registry.app, token, 'iris', irisBytes, 'deadly');
    await registry.tenant.postgres.sql.run`update model.version set validation_attempts = 3 where version = 'deadly'`;
    await registry.restartWork();
    registry.poke(token);
    expect(await judged(registry.app, token, 'iris', version)).toMatchObject({
      state: 'rejected',
      rejection: { code: 'process_died' },
    });
  });

  it('does not change a version that has been judged, whoever tries', async () => {
    const change = registry.tenant.postgres.sql
      .run`update model.version set state = 'rejected', rejection = '{}' where version = '1' and model = 'iris'`;
    await expect(change).rejects.toThrow('immutable');
    expect(await call('POST', '/v1/models/iris/versions/1/complete')).toMatchObject({
      status: 409,
      body: { code: 'KLT_MODEL_TRANSITION_ILLEGAL', allowed: ['awaiting-upload'] },
    });
  });

  it('lists versions by state', async () => {
    const { body } = await call('GET', '/v1/models/iris/versions?filter=state:ready&limit=200');
    const { items }: { items: ModelVersion[] } = body;
    expect(items.map(({ version }) => version)).toEqual(expect.arrayContaining(['1', 'left']));
    expect(items.every(({ state }) => state === 'ready')).toBe(true);
  });
});

describe('aliases', () => {
  beforeAll(async () => {
    await call('POST', '/v1/models', { name: 'served' });
    await push(registry.app, token, 'served', irisBytes, 'a');
    await push(registry.app, token, 'served', linearModel(), 'b');
    await push(registry.app, token, 'served', Buffer.from('not a model'), 'broken');
  });

  it('point to a version, move, and keep their history', async () => {
    expect(await call('PUT', '/v1/models/served/aliases/default', { version: 'a' })).toMatchObject({ status: 200 });
    const moved = await call('PUT', '/v1/models/served/aliases/default', { version: 'b' });
    expect(moved.body).toMatchObject({ alias: 'default', version: 'b', history: [{ version: 'b' }, { version: 'a' }] });
    const again = await call('PUT', '/v1/models/served/aliases/default', { version: 'b' });
    expect((again.body as Alias).history).toHaveLength(2);
    expect(await call('GET', '/v1/models/served')).toMatchObject({ body: { aliases: { default: 'b' } } });
  });

  it.each([
    ['an unknown version', 'nope', 404, 'KLT_MODEL_NOT_FOUND'],
    ['a rejected version', 'broken', 409, 'KLT_MODEL_TRANSITION_ILLEGAL'],
  ])('do not point to %s', async (_what, version, status, code) => {
    expect(await call('PUT', '/v1/models/served/aliases/other', { version })).toMatchObject({ status, body: { code } });
  });

  it('do not take the name of a version, nor a version theirs', async () => {
    expect(await call('PUT', '/v1/models/served/aliases/a', { version: 'b' })).toMatchObject({
      status: 409,
      body: { code: 'KLT_MODEL_VERSION_EXISTS' },
    });
    const body = { version: 'default', sha256: sha256Of(irisBytes), sizeBytes: 1 };
    expect(await call('POST', '/v1/models/served/versions', body)).toMatchObject({ status: 409 });
  });

  it('hold their version until they are gone', async () => {
    expect(await call('DELETE', '/v1/models/served/versions/b')).toMatchObject({
      status: 409,
      body: { code: 'KLT_MODEL_IN_USE' },
    });
    expect(await call('DELETE', '/v1/models/served/aliases/default')).toMatchObject({ status: 204 });
    expect(await call('DELETE', '/v1/models/served/versions/b')).toMatchObject({ status: 204 });
    expect(await call('GET', '/v1/models/served/aliases/default')).toMatchObject({
      status: 404,
      body: { code: 'KLT_ALIAS_NOT_FOUND' },
    });
  });
});

describe('deleting a model', () => {
  it('takes its versions, aliases and files with it', async () => {
    await call('POST', '/v1/models', { name: 'doomed' });
    await push(registry.app, token, 'doomed', irisBytes, 'a');
    await call('PUT', '/v1/models/doomed/aliases/default', { version: 'a' });
    const { rows } = await registry.tenant.postgres.sql.query<{ blob_key: string }>(
      `select blob_key from model.version where model = 'doomed'`,
    );
    const key = rows[0]?.blob_key ?? '';
    expect(await registry.blobs.head(key)).toBeDefined();
    expect(await call('DELETE', '/v1/models/doomed')).toMatchObject({ status: 204 });
    expect(await call('GET', '/v1/models/doomed')).toMatchObject({ status: 404 });
    await until(async () => (await registry.blobs.head(key)) === undefined);
  });

  it('deletes a file once more when its last upload URL is out of date', async () => {
    await call('POST', '/v1/models', { name: 'revenant' });
    const grant = await upload(registry.app, token, 'revenant', irisBytes, 'a');
    const { rows } = await registry.tenant.postgres.sql.query<{ blob_key: string }>(
      `select blob_key from model.version where model = 'revenant'`,
    );
    const key = rows[0]?.blob_key ?? '';
    await call('DELETE', '/v1/models/revenant');
    await until(async () => (await registry.blobs.head(key)) === undefined);
    await fetch(grant.upload.url, { method: 'PUT', headers: grant.upload.headers, body: irisBytes });
    expect(await registry.blobs.head(key)).toBeDefined();
    await registry.tenant.postgres.sql.run`update model.doomed_blob set retry_at = now(), final_at = now()`;
    registry.poke(token);
    await until(async () => (await registry.blobs.head(key)) === undefined);
    const left = await registry.tenant.postgres.sql.maybe`select from model.doomed_blob where blob_key = ${key}`;
    expect(left).toBeUndefined();
  });
});

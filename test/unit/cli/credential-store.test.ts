import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type CredentialStore, createCredentialStore } from '../../../cli/credential-store';

let folder: string;
let now: number;
let store: CredentialStore;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kolate-credentials-'));
  now = 1_000_000;
  store = createCredentialStore(folder, () => now);
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const client = (slug: string) => ({ id: `id-of-${slug}`, slug, clientId: slug, clientSecret: 'secret' });

it('keeps what several commands keep at once', async () => {
  const slugs = ['a', 'b', 'c', 'd'];
  await Promise.all(slugs.map((slug) => createCredentialStore(folder).keepTenant(client(slug))));
  expect(Object.keys((await store.read()).tenants).sort()).toEqual(slugs);
});

it('acts for the first tenant until another one is chosen or it is gone', async () => {
  await store.keepTenant(client('a'));
  await store.keepTenant(client('b'));
  expect((await store.read()).current).toBe('a');
  await store.use('b');
  expect((await store.read()).current).toBe('b');
  await store.forgetTenant('b');
  expect(await store.read()).toMatchObject({ current: 'a', tenants: { a: client('a') } });
});

it('hands a token out until shortly before it expires', async () => {
  await store.cacheToken('key', { token: 'token', expiresAt: now / 1_000 + 60 });
  expect(await store.cachedToken('key')).toBe('token');
  now += 45_000;
  expect(await store.cachedToken('key')).toBeUndefined();
});

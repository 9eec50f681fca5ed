import type { SecretStore } from '../../src/platform/secrets/secret-store';

/** What every secret store does, whatever it is kept in. */
export function describeSecretStore(name: string, open: () => SecretStore): void {
  describe(`the secret store contract: ${name}`, () => {
    it('answers what was put', async () => {
      const store = open();
      await store.put('tenant/a/stores', 'first');
      expect(await store.get('tenant/a/stores')).toBe('first');
    });

    it('answers the newest value after it was replaced', async () => {
      const store = open();
      await store.put('replaced', 'old');
      await store.put('replaced', 'new — with ünïcode\n');
      expect(await store.get('replaced')).toBe('new — with ünïcode\n');
      expect(await store.refresh('replaced')).toBe('new — with ünïcode\n');
    });

    it('says by name which secret is missing', async () => {
      await expect(open().get('nowhere')).rejects.toMatchObject({
        code: 'KLT_SECRET_NOT_FOUND',
        detail: expect.stringContaining('nowhere'),
      });
    });

    it('forgets what was deleted, and takes a second delete', async () => {
      const store = open();
      await store.put('gone', 'x');
      await store.delete('gone');
      await store.delete('gone');
      await expect(store.get('gone')).rejects.toMatchObject({ code: 'KLT_SECRET_NOT_FOUND' });
    });

    it('takes the same name again after it was deleted', async () => {
      const store = open();
      await store.put('again', '1');
      await store.delete('again');
      await store.put('again', '2');
      expect(await store.get('again')).toBe('2');
    });

    it('says until when what it retired can be brought back, and reads it to nobody', async () => {
      const store = open();
      await store.put('retired', 'x');
      const goneAt = await store.retire('retired');
      expect(Number.isNaN(Date.parse(goneAt ?? ''))).toBe(false);
      await expect(store.get('retired')).rejects.toMatchObject({ code: 'KLT_SECRET_NOT_FOUND' });
      expect(await store.retire('never-there')).toBeUndefined();
      await store.put('retired', 'y');
      expect(await store.get('retired')).toBe('y');
    });

    it.each(['../outside', '/etc/passwd', 'a//b', 'a/../b', '.hidden', '', 'a b', 'a\0b'])(
      'refuses %j as a name',
      async (bad) => {
        await expect((async () => open().put(bad, 'x'))()).rejects.toMatchObject({ code: 'KLT_CONFIG_INVALID' });
        await expect((async () => open().get(bad))()).rejects.toMatchObject({ code: 'KLT_CONFIG_INVALID' });
      },
    );
  });
}

import type { IdentityDirectory } from '../../src/platform/identity/identity-directory';

type Subject = {
  readonly directory: IdentityDirectory;
  /** Whether the token endpoint would take this secret. */
  readonly authenticates: (clientId: string, clientSecret: string) => Promise<boolean>;
};

const first = 'first_secret_of_the_contract_suite_000';
const second = 'second_secret_of_the_contract_suite_00';

/** What every directory of clients does, whoever stands behind it. */
export function describeIdentityDirectory(name: string, open: () => Promise<Subject>): void {
  const client = (clientId: string) =>
    ({ clientId, tenantId: 'tenant-1', tier: 'pool', scopes: ['models:read'], roles: ['tenant-admin'] }) as const;

  describe(`${name}, as a directory of clients`, () => {
    it('creates a client that can authenticate, and shows it without its secret', async () => {
      const { directory, authenticates } = await open();
      await directory.createClient({ ...client('c-create'), clientSecret: first });
      expect(await authenticates('c-create', first)).toBe(true);
      expect(await authenticates('c-create', second)).toBe(false);
      expect(await directory.findClient('c-create')).toEqual({ ...client('c-create'), disabled: false });
    });

    it('creates once more without harm, when the first answer was lost', async () => {
      const { directory, authenticates } = await open();
      await directory.createClient({ ...client('c-again'), clientSecret: first });
      await directory.createClient({ ...client('c-again'), clientSecret: first });
      expect(await authenticates('c-again', first)).toBe(true);
    });

    it('does not hand one tenant’s client to another', async () => {
      const { directory } = await open();
      await directory.createClient({ ...client('c-taken'), clientSecret: first });
      await expect(
        directory.createClient({ ...client('c-taken'), tenantId: 'tenant-2', clientSecret: second }),
      ).rejects.toMatchObject({ code: 'KLT_CLIENT_TAKEN' });
      expect(await directory.findClient('c-taken')).toMatchObject({ tenantId: 'tenant-1' });
    });

    it('changes tier, scopes and roles one by one', async () => {
      const { directory } = await open();
      await directory.createClient({ ...client('c-update'), clientSecret: first });
      await directory.updateClient('c-update', { tier: 'dedicated' });
      await directory.updateClient('c-update', { scopes: ['models:write'] });
      expect(await directory.findClient('c-update')).toEqual({
        ...client('c-update'),
        tier: 'dedicated',
        scopes: ['models:write'],
        disabled: false,
      });
    });

    it('takes the new secret and not the old one after a rotation', async () => {
      const { directory, authenticates } = await open();
      await directory.createClient({ ...client('c-rotate'), clientSecret: first });
      await directory.rotateSecret('c-rotate', second);
      expect([await authenticates('c-rotate', first), await authenticates('c-rotate', second)]).toEqual([false, true]);
    });

    it('lets a disabled client have no token until it is enabled', async () => {
      const { directory, authenticates } = await open();
      await directory.createClient({ ...client('c-disable'), clientSecret: first });
      await directory.disableClient('c-disable');
      await directory.disableClient('c-disable');
      expect(await authenticates('c-disable', first)).toBe(false);
      expect(await directory.findClient('c-disable')).toMatchObject({ disabled: true });
      await directory.enableClient('c-disable');
      expect(await authenticates('c-disable', first)).toBe(true);
    });

    it('deletes a client, also when it is gone already', async () => {
      const { directory, authenticates } = await open();
      await directory.createClient({ ...client('c-delete'), clientSecret: first });
      await directory.deleteClient('c-delete');
      await directory.deleteClient('c-delete');
      expect([await authenticates('c-delete', first), await directory.findClient('c-delete')]).toEqual([
        false,
        undefined,
      ]);
    });

    it('says which client it does not know', async () => {
      const { directory } = await open();
      const unknown = { code: 'KLT_CLIENT_NOT_FOUND', detail: expect.stringContaining('c-nobody') };
      await expect(directory.updateClient('c-nobody', { tier: 'pool' })).rejects.toMatchObject(unknown);
      await expect(directory.rotateSecret('c-nobody', second)).rejects.toMatchObject(unknown);
      await expect(directory.disableClient('c-nobody')).rejects.toMatchObject(unknown);
      await expect(directory.enableClient('c-nobody')).rejects.toMatchObject(unknown);
    });
  });
}

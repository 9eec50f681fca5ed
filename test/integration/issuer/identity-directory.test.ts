import { createIssuerDirectory } from '../../../src/platform/identity/create-issuer-directory';
import { describeIdentityDirectory } from '../../helpers/identity-directory-contract';
import { adminToken, startIssuer, type TestIssuer } from '../../helpers/start-issuer';

let issuer: TestIssuer;
beforeAll(async () => {
  issuer = await startIssuer();
});
afterAll(() => issuer.remove());

describeIdentityDirectory('the local issuer', async () => ({
  directory: createIssuerDirectory({ url: issuer.adminUrl, token: adminToken }),
  authenticates: async (clientId, clientSecret) => (await issuer.token(clientId, clientSecret)).status === 200,
}));

describe('the adapter of the local issuer', () => {
  it('says that it depends on an issuer which does not answer', async () => {
    const directory = createIssuerDirectory({ url: 'http://127.0.0.1:9/admin', token: adminToken });
    await expect(directory.findClient('any')).rejects.toMatchObject({ code: 'KLT_DEPENDENCY_UNAVAILABLE' });
  });

  it('says that its token is at fault, not the client', async () => {
    const directory = createIssuerDirectory({ url: issuer.adminUrl, token: 'another-administration-token' });
    await expect(directory.disableClient('any')).rejects.toMatchObject({ code: 'KLT_CONFIG_INVALID' });
  });
});

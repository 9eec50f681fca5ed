import { createFakeIdentityDirectory } from '../../../src/platform/identity/identity-directory.fake';
import { describeIdentityDirectory } from '../../helpers/identity-directory-contract';

describeIdentityDirectory('the fake', async () => {
  const directory = createFakeIdentityDirectory();
  return { directory, authenticates: directory.authenticates };
});

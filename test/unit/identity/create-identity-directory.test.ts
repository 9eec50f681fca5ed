import { EnterpriseInfoEnv } from '../../../src/contracts/env/enterprise-info-env';
import { createIdentityDirectory } from '../../../src/platform/identity/create-identity-directory';

const issuer = {
  KOLATE_IDENTITY_DIRECTORY: 'issuer',
  KOLATE_IDENTITY_ADMIN_URL: 'http://127.0.0.1:9/admin',
  KOLATE_IDENTITY_ADMIN_TOKEN: 'token-of-nobody-16',
} as const;
const cognito = {
  KOLATE_IDENTITY_DIRECTORY: 'cognito',
  KOLATE_USER_POOL_ID: 'eu-west-1_AbCd12345',
  KOLATE_CLIENT_TABLE: 'clients',
} as const;

describe('the directory that the environment names', () => {
  it('is the issuer of one machine where nothing is said', () => {
    expect(EnterpriseInfoEnv.properties.KOLATE_IDENTITY_DIRECTORY.default).toBe('issuer');
  });

  it.each([
    ['KOLATE_IDENTITY_ADMIN_URL', issuer],
    ['KOLATE_IDENTITY_ADMIN_TOKEN', issuer],
    ['KOLATE_USER_POOL_ID', cognito],
    ['KOLATE_CLIENT_TABLE', cognito],
  ])('is not made without %s, which the error names', (name, env) => {
    expect(createIdentityDirectory(env)).toHaveProperty('createClient');
    expect(() => createIdentityDirectory({ ...env, [name]: undefined })).toThrow(`${name} is missing`);
  });
});

import { KolateError } from '../../contracts/errors';
import { createClientTable } from './cognito/client-table';
import { createCognitoDirectory } from './cognito/create-cognito-directory';
import { createIssuerDirectory } from './create-issuer-directory';
import type { IdentityDirectory } from './identity-directory';

export type IdentityDirectoryEnv = {
  readonly KOLATE_IDENTITY_DIRECTORY: 'issuer' | 'cognito';
  readonly KOLATE_IDENTITY_ADMIN_URL?: string;
  readonly KOLATE_IDENTITY_ADMIN_TOKEN?: string;
  readonly KOLATE_USER_POOL_ID?: string;
  readonly KOLATE_CLIENT_TABLE?: string;
};

/** The directory that `KOLATE_IDENTITY_DIRECTORY` names. @throws KolateError KLT_CONFIG_INVALID naming what it lacks */
export function createIdentityDirectory(env: IdentityDirectoryEnv): IdentityDirectory {
  const need = (name: Exclude<keyof IdentityDirectoryEnv, 'KOLATE_IDENTITY_DIRECTORY'>): string => {
    const value = env[name];
    if (value !== undefined) return value;
    const which = `KOLATE_IDENTITY_DIRECTORY=${env.KOLATE_IDENTITY_DIRECTORY}`;
    throw new KolateError('KLT_CONFIG_INVALID', `environment: ${name} is missing, with ${which}`);
  };
  if (env.KOLATE_IDENTITY_DIRECTORY === 'issuer') {
    return createIssuerDirectory({
      url: need('KOLATE_IDENTITY_ADMIN_URL'),
      token: need('KOLATE_IDENTITY_ADMIN_TOKEN'),
    });
  }
  return createCognitoDirectory({
    userPoolId: need('KOLATE_USER_POOL_ID'),
    table: createClientTable(need('KOLATE_CLIENT_TABLE')),
  });
}

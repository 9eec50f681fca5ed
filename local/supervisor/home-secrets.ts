import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { KolateError } from '../../src/contracts/errors';
import { createFileSecrets } from '../../src/platform/secrets/create-file-secrets';

/** What is made up once for each home and stays. Passwords of the engines are taken up when their data are made. */
const names = [
  'platform/postgres',
  'platform/document',
  'platform/valkey',
  'platform/s3',
  'platform/role-enterprise-info',
  'platform/role-core',
  'platform/role-predict',
  'platform/stack-agent',
  'platform/identity-admin',
  'platform/operator-client',
  'platform/operator-password',
  'platform/cursor-key',
  'platform/control',
] as const;
export type HomeSecret = (typeof names)[number];
export type HomeSecrets = Readonly<Record<HomeSecret, string>>;

/** File of a secret in the folder of the home's secrets. */
export const secretFile = (folder: string, name: HomeSecret): string => join(folder, `${name}.secret`);

/** All of them, those that are missing made now: 256 random bits each, letters and digits that need no quoting anywhere. */
export async function ensureHomeSecrets(folder: string): Promise<HomeSecrets> {
  const store = createFileSecrets(folder);
  const values = await Promise.all(
    names.map(async (name) => {
      const known = await store.get(name).catch(ifMissing);
      const value = known ?? randomBytes(32).toString('hex');
      if (known === undefined) await store.put(name, value);
      return [name, value] as const;
    }),
  );
  return Object.fromEntries(values) as HomeSecrets;
}

function ifMissing(error: unknown): undefined {
  if (error instanceof KolateError && error.code === 'KLT_SECRET_NOT_FOUND') return undefined;
  throw error;
}

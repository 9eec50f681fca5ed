import { type Static, Type } from '@sinclair/typebox';
import { KolateError } from '../../contracts/errors';
import { strictValidator } from '../config/validators';
import type { RenewablePassword } from '../postgres/create-postgres';
import type { SecretStore } from '../secrets/secret-store';

const Password = Type.String({ minLength: 16 });

/** The passwords of one stack, kept as one secret. */
export const StackCredentials = Type.Object(
  { postgres: Password, mongo: Password, redis: Password, redisMaintenance: Password },
  { additionalProperties: false },
);
export type StackCredentials = Static<typeof StackCredentials>;

/** @throws KolateError KLT_CONFIG_INVALID, without the text: it is a secret */
export function parseStackCredentials(name: string, text: string): StackCredentials {
  try {
    const value: unknown = JSON.parse(text);
    if (strictValidator(StackCredentials)(value)) return value as StackCredentials;
  } catch {
    // Not JSON either.
  }
  throw new KolateError('KLT_CONFIG_INVALID', `the secret ${name} does not hold the credentials of a stack`);
}

/** One password of the secret `name`, asked from the store each time that a connection is made. */
export function passwordOf(secrets: SecretStore, name: string, of: keyof StackCredentials): RenewablePassword {
  return {
    current: async () => parseStackCredentials(name, await secrets.get(name))[of],
    renew: () => secrets.refresh(name),
  };
}

import { type Static, Type } from '@sinclair/typebox';

/** Of the Lambda that rotates the secret of an OAuth client. */
export const RotateClientSecretEnv = Type.Object({
  KOLATE_USER_POOL_ID: Type.String({ minLength: 1 }),
  KOLATE_TOKEN_URL: Type.String({ format: 'uri', description: 'where the pool gives out tokens' }),
});
export type RotateClientSecretEnv = Static<typeof RotateClientSecretEnv>;

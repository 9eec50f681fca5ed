import { type Static, Type } from '@sinclair/typebox';

/** Of the Lambda that rotates secrets of stores. */
export const RotateSecretEnv = Type.Object({
  NODE_EXTRA_CA_CERTS: Type.Optional(
    Type.String({ description: 'read by Node: the authorities that sign for RDS and DocumentDB; absent without TLS' }),
  ),
});
export type RotateSecretEnv = Static<typeof RotateSecretEnv>;

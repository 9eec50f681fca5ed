import { type Static, Type } from '@sinclair/typebox';
import { postgres, service } from './common-env';

/** Of the one-off process that brings the core database to the schema of its version. */
export const MigrationsEnv = Type.Object({
  KOLATE_LOG_LEVEL: service.KOLATE_LOG_LEVEL,
  KOLATE_POSTGRES_URL: postgres.KOLATE_POSTGRES_URL,
  KOLATE_POSTGRES_CA: postgres.KOLATE_POSTGRES_CA,
  KOLATE_POSTGRES_PASSWORD: Type.Optional(
    Type.String({ description: 'of the administrator, where the URL has none: injected from its secret' }),
  ),
});
export type MigrationsEnv = Static<typeof MigrationsEnv>;

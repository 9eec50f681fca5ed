import type { Static } from '@sinclair/typebox';
import { AuthorizerEnv } from './authorizer-env';
import { MainJobEnv } from './main-job-env';
import { PreTokenEnv } from './pre-token-env';
import { RotateClientSecretEnv } from './rotate-client-secret-env';
import { RotateCursorKeysEnv } from './rotate-cursor-keys-env';
import { RotateSecretEnv } from './rotate-secret-env';
import { RotateTenantStoresEnv } from './rotate-tenant-stores-env';
import { RunMigrationsEnv } from './run-migrations-env';
import { StackEventsEnv } from './stack-events-env';

/** Every Lambda of src/handlers, by the name of its folder, with the variables that it reads at its start. */
export const handlerEnvs = {
  authorizer: AuthorizerEnv,
  'main-job': MainJobEnv,
  'pre-token': PreTokenEnv,
  'rotate-client-secret': RotateClientSecretEnv,
  'rotate-cursor-keys': RotateCursorKeysEnv,
  'rotate-secret': RotateSecretEnv,
  'rotate-tenant-stores': RotateTenantStoresEnv,
  'run-migrations': RunMigrationsEnv,
  'stack-events': StackEventsEnv,
} as const;

export type HandlerName = keyof typeof handlerEnvs;
export type HandlerEnv<N extends HandlerName> = Static<(typeof handlerEnvs)[N]>;

import type { Static } from '@sinclair/typebox';
import { AuthorizerEnv } from './authorizer-env';
import { PreTokenEnv } from './pre-token-env';

/** Every Lambda of src/handlers, by the name of its folder, with the variables that it reads at its start. */
export const handlerEnvs = {
  authorizer: AuthorizerEnv,
  'pre-token': PreTokenEnv,
} as const;

export type HandlerName = keyof typeof handlerEnvs;
export type HandlerEnv<N extends HandlerName> = Static<(typeof handlerEnvs)[N]>;

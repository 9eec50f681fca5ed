import { type Static, Type } from '@sinclair/typebox';
import { identity } from './common-env';

/** Of the Lambda authorizer of API Gateway. */
export const AuthorizerEnv = Type.Object({
  ...identity,
  KOLATE_USAGE_KEYS_OF: Type.String({ description: 'stack of the usage plans, which their keys begin with' }),
});
export type AuthorizerEnv = Static<typeof AuthorizerEnv>;

import { type Static, Type } from '@sinclair/typebox';
import { identity } from './common-env';

/** Of the Lambda authorizer of API Gateway. */
export const AuthorizerEnv = Type.Object({ ...identity });
export type AuthorizerEnv = Static<typeof AuthorizerEnv>;

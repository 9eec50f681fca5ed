import { type Static, Type } from '@sinclair/typebox';
import { identity, kafka, postgres, service } from './common-env';

export const CoreEnv = Type.Object({ ...service, ...identity, ...postgres, ...kafka });
export type CoreEnv = Static<typeof CoreEnv>;

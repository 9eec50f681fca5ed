import { type Static, Type } from '@sinclair/typebox';
import { identity, kafka, postgres, service, telemetry } from './common-env';

export const CoreEnv = Type.Object({ ...service, ...telemetry, ...identity, ...postgres, ...kafka });
export type CoreEnv = Static<typeof CoreEnv>;

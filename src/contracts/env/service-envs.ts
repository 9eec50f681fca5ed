import { type Static, Type } from '@sinclair/typebox';
import type { ServiceName } from '../http/route';
import { CoreEnv } from './core-env';
import { EnterpriseInfoEnv } from './enterprise-info-env';
import { PredictEnv, PredictRegistryEnv } from './predict-env';
import { CloudFormationDriverEnv } from './tenant-driver-env';

/** All that each deployed service reads on AWS, where it has other drivers than on one machine. */
export const awsServiceEnvs = {
  core: CoreEnv,
  'enterprise-info': Type.Composite([EnterpriseInfoEnv, CloudFormationDriverEnv]),
  predict: PredictEnv,
  'predict-registry': PredictRegistryEnv,
} as const satisfies Record<ServiceName, unknown>;

export type AwsServiceEnv<N extends ServiceName> = Static<(typeof awsServiceEnvs)[N]>;

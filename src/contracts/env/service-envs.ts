import type { Static } from '@sinclair/typebox';
import type { ServiceName } from '../http/route';
import { CoreEnv } from './core-env';
import { EnterpriseInfoEnv } from './enterprise-info-env';
import { PredictEnv, PredictRegistryEnv } from './predict-env';
import type { CloudFormationDriverEnv } from './tenant-driver-env';

/** Every service that is deployed, with the variables that it reads at its start. */
export const serviceEnvs = {
  core: CoreEnv,
  'enterprise-info': EnterpriseInfoEnv,
  predict: PredictEnv,
  'predict-registry': PredictRegistryEnv,
} as const satisfies Record<ServiceName, unknown>;

export type ServiceEnv<N extends ServiceName> = Static<(typeof serviceEnvs)[N]>;

/** What a service reads beside its own, since on AWS it has other drivers than on one machine. */
type DriverEnvs = { readonly 'enterprise-info': CloudFormationDriverEnv };

/** All that a service reads on AWS. */
export type AwsServiceEnv<N extends ServiceName> = ServiceEnv<N> &
  (N extends keyof DriverEnvs ? DriverEnvs[N] : unknown);

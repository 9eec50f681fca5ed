import type { Secret } from 'aws-cdk-lib/aws-ecs';
import type { AwsServiceEnv } from '../../../src/contracts/env/service-envs';
import type { ServiceName } from '../../../src/contracts/http/route';

/** Where every service listens, inside of its task. */
export const ports = { http: 8080, grpc: 8081, serviceConnect: 8443 } as const;

/** The construct sets these by itself. */
type OwnVariable =
  | 'KOLATE_HOST'
  | 'KOLATE_PORT'
  | 'KOLATE_LOG_LEVEL'
  | 'KOLATE_DRAIN_TIMEOUT_MS'
  | 'KOLATE_METRICS_NAMESPACE'
  | 'KOLATE_TRACES_ENDPOINT'
  | 'KOLATE_TRACES_RATIO';

/** Where AWS' own endpoints and Cognito are, one machine has programs of ours. */
type OneMachineVariable =
  | 'KOLATE_KAFKA_BROKERS'
  | 'KOLATE_S3_ENDPOINT'
  | 'KOLATE_IDENTITY_ADMIN_URL'
  | 'KOLATE_IDENTITY_ADMIN_TOKEN';

/** A number is written out; a literal stays what it has to be. */
type Text<T> = T extends string ? T : string;

/** Readable in the task definition, or injected from Secrets Manager when a task starts. */
export type VariableValue<T = string> = Text<T> | Secret;

/**
 * The variables of a service's contract as its task gets them: one that is forgotten, and one that the contract does not
 * have, do not compile. All are needed, those with a default or optional ones too: defaults are those of one machine.
 */
export type ServiceVariables<N extends ServiceName> = {
  readonly [K in keyof AwsServiceEnv<N> as Exclude<K, OwnVariable | OneMachineVariable>]-?: VariableValue<
    NonNullable<AwsServiceEnv<N>[K]>
  >;
};

/** Texts and secrets apart, as a container definition wants them. */
export function splitVariables(variables: Readonly<Record<string, VariableValue | undefined>>) {
  const environment: Record<string, string> = {};
  const secrets: Record<string, Secret> = {};
  for (const [name, value] of Object.entries(variables)) {
    if (typeof value === 'string') environment[name] = value;
    else if (value !== undefined) secrets[name] = value;
  }
  return { environment, secrets };
}

/** What a deployed platform says about itself in SSM's Parameter Store, for the command line and for operators. */
export const platformParameters = {
  apiUrl: 'api-url',
  consoleUrl: 'console-url',
  /** host:port of the gRPC side of predictions. */
  grpcAddress: 'grpc-address',
  issuerUrl: 'issuer-url',
  userPoolId: 'user-pool-id',
  /** ECS cluster of the services. */
  cluster: 'cluster',
} as const;

export type PlatformParameter = keyof typeof platformParameters;

/** `/kolate/<environment>/<parameter>` */
export const parameterName = (environment: string, parameter: PlatformParameter): string =>
  `/kolate/${environment}/${platformParameters[parameter]}`;

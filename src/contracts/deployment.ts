import { type Static, Type } from '@sinclair/typebox';

/** Where the platform of one environment in an AWS account is reached, as its stacks write it down and the CLI reads it. */
export const Deployment = Type.Object({
  url: Type.String({ description: 'of the HTTP API' }),
  grpc: Type.String({ description: 'host:port of the Open Inference Protocol over gRPC' }),
  issuer: Type.String({ description: '`iss` of the tokens; discovery is below it' }),
  scopePrefix: Type.String({ description: 'what the issuer wants before each of our scopes' }),
  loginClientId: Type.String({ description: 'public OAuth client of people on the command line' }),
  operatorSecret: Type.String({ description: 'in Secrets Manager: { clientId, clientSecret } of the operator' }),
});
export type Deployment = Static<typeof Deployment>;

/** The SSM parameter that holds it, as JSON. */
export const deploymentParameter = (environment: string): string => `/kolate/${environment}/deployment`;

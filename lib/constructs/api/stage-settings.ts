import * as apigateway from 'aws-cdk-lib/aws-apigateway';
import type { Route } from '../../../src/contracts/http/route';
import type { Environment } from '../../config/environment';

/** What is written of each request. No token and no body; the tenant as the authorizer says it. */
export const accessLogFormat = apigateway.AccessLogFormat.custom(
  JSON.stringify({
    requestId: '$context.requestId',
    traceId: '$context.xrayTraceId',
    at: '$context.requestTimeEpoch',
    ip: '$context.identity.sourceIp',
    method: '$context.httpMethod',
    route: '$context.resourcePath',
    status: '$context.status',
    ms: '$context.responseLatency',
    serviceStatus: '$context.integration.status',
    serviceMs: '$context.integration.latency',
    authorizerMs: '$context.authorizer.latency',
    responseBytes: '$context.responseLength',
    tenantId: '$context.authorizer.tenantId',
    tier: '$context.authorizer.tier',
    subject: '$context.authorizer.sub',
    refusal: '$context.error.responseType',
  }),
);

const common: apigateway.MethodDeploymentOptions = {
  loggingLevel: apigateway.MethodLoggingLevel.ERROR,
  // Would write whole requests to the log, tokens included.
  dataTraceEnabled: false,
  metricsEnabled: true,
};

/** The throttling of each route by its class. Settings of a method replace those of the stage, so each has all of them. */
export function methodSettings(
  routes: readonly Route[],
  throttling: Environment['edge']['throttling'],
): Record<string, apigateway.MethodDeploymentOptions> {
  return Object.fromEntries(
    routes.map(({ method, path, throttle }) => {
      const { ratePerSecond, burst } = throttling[throttle];
      const settings = { ...common, throttlingRateLimit: ratePerSecond, throttlingBurstLimit: burst };
      return [`${path}/${method}`, settings];
    }),
  );
}

/** Of whatever has no settings of its own: nothing, as long as each method has. */
export const stageSettings = ({ none }: Environment['edge']['throttling']): apigateway.MethodDeploymentOptions => ({
  ...common,
  throttlingRateLimit: none.ratePerSecond,
  throttlingBurstLimit: none.burst,
});

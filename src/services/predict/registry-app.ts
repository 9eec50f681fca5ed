import type { FastifyInstance } from 'fastify';
import type { Registry } from 'prom-client';
import { createServiceApp, type Probe } from '../../platform/http/create-service-app';
import type { VerifyToken } from '../../platform/http/register-route';
import type { Logger } from '../../platform/logging/create-logger';
import { registerPredictionRoutes } from './predictions/prediction-routes';
import { registerAliasRoutes } from './registry/alias-routes';
import { registerModelRoutes } from './registry/model-routes';
import type { RegistryDeps } from './registry/registry-deps';
import { registerVersionRoutes } from './registry/version-routes';

export type RegistryAppOptions = RegistryDeps & {
  readonly log: Logger;
  readonly verifyToken: VerifyToken;
  readonly probes: readonly Probe[];
  readonly metrics: Registry;
};

/** `/v1/models` and `/v1/predictions`. */
export function createRegistryApp(options: RegistryAppOptions): FastifyInstance {
  const { log, probes, metrics, verifyToken } = options;
  const app = createServiceApp({ log, probes, metrics });
  registerModelRoutes(app, verifyToken, options);
  registerVersionRoutes(app, verifyToken, options);
  registerAliasRoutes(app, verifyToken, options);
  registerPredictionRoutes(app, verifyToken, options);
  return app;
}

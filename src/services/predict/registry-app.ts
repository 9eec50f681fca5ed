import type { FastifyInstance } from 'fastify';
import { createServiceApp, type ServiceAppOptions } from '../../platform/http/create-service-app';
import type { VerifyToken } from '../../platform/http/register-route';
import { type PredictionDeps, registerPredictionRoutes } from './predictions/prediction-routes';
import { registerAliasRoutes } from './registry/alias-routes';
import { registerModelRoutes } from './registry/model-routes';
import type { RegistryDeps } from './registry/registry-deps';
import { registerVersionRoutes } from './registry/version-routes';

export type RegistryAppOptions = RegistryDeps &
  PredictionDeps &
  ServiceAppOptions & { readonly verifyToken: VerifyToken };

/** `/v1/models` and `/v1/predictions`. */
export function createRegistryApp(options: RegistryAppOptions): FastifyInstance {
  const { log, probes, metrics, limitCaller, tracer, verifyToken } = options;
  const app = createServiceApp({ log, probes, metrics, limitCaller, tracer });
  registerModelRoutes(app, verifyToken, options);
  registerVersionRoutes(app, verifyToken, options);
  registerAliasRoutes(app, verifyToken, options);
  registerPredictionRoutes(app, verifyToken, options);
  return app;
}

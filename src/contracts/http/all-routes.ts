import * as inference from './inference';
import * as models from './models';
import * as operations from './operations';
import * as predictions from './predictions';
import type { Route, ServiceName } from './route';
import * as tenants from './tenants';

const isRoute = (value: unknown): value is Route =>
  typeof value === 'object' && value !== null && 'operationId' in value;

/** Every operation of the HTTP API, in the order in which the modules declare them. */
export const allRoutes: readonly Route[] = [tenants, operations, models, predictions, inference].flatMap((module) =>
  Object.values<unknown>(module).filter(isRoute),
);

export const routesOf = (service: ServiceName): Route[] => allRoutes.filter((route) => route.service === service);

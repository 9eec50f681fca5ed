import * as inference from './inference';
import * as models from './models';
import * as operations from './operations';
import * as predictions from './predictions';
import type { Route } from './route';
import * as tenants from './tenants';

const isRoute = (value: unknown): value is Route =>
  typeof value === 'object' && value !== null && 'operationId' in value;
const placeOf = ({ path, method }: Route): string => `${path} ${method}`;

/** Every operation of the HTTP API, by path and method. */
export const allRoutes: readonly Route[] = [tenants, operations, models, predictions, inference]
  .flatMap((module) => Object.values<unknown>(module).filter(isRoute))
  .sort((a, b) => (placeOf(a) < placeOf(b) ? -1 : 1));

import { rpcRoutes } from '../../../src/contracts/grpc';
import { allRoutes } from '../../../src/contracts/http/all-routes';
import type { Route, ServiceName } from '../../../src/contracts/http/route';

/** `/v1/models/{model}` → `/v1/models`, `/v2/…` → `/v2`: what all routes of a collection begin with. */
const collectionOf = (path: string): string => {
  const [, version = '', collection = ''] = path.split('/');
  return version === 'v2' ? '/v2' : `/${version}/${collection}`;
};

/**
 * The collections by which a load balancer knows requests of `service`; none where it has no routes.
 * @throws Error where two services share a collection
 */
export function httpCollections(service: ServiceName, routes: readonly Route[] = allRoutes): string[] {
  const ownersOf = new Map<string, Set<ServiceName>>();
  for (const route of routes) {
    const collection = collectionOf(route.path);
    ownersOf.set(collection, (ownersOf.get(collection) ?? new Set()).add(route.service));
  }
  const own = [...ownersOf].filter(([, owners]) => owners.has(service));
  for (const [collection, owners] of own) {
    if (owners.size > 1) {
      throw new Error(`routes: ${collection} is of ${[...owners].join(' and ')}; expected one service a collection`);
    }
  }
  return own.map(([collection]) => collection);
}

/** The patterns of paths by which it knows calls over gRPC: `/package.Service/*`. */
export const grpcPatterns = (service: ServiceName): string[] => [
  ...new Set(
    [...rpcRoutes].filter(([, route]) => route.service === service).map(([path]) => path.replace(/[^/]+$/, '*')),
  ),
];

import { CollectionPaths } from '../../../lib/constructs/api/stage-paths';
import { grpcPatterns, httpCollections } from '../../../lib/constructs/services/path-patterns';
import { allRoutes } from '../../../src/contracts/http/all-routes';
import type { Route, ServiceName } from '../../../src/contracts/http/route';

const services: readonly ServiceName[] = ['core', 'enterprise-info', 'predict', 'predict-registry'];
const routeTo = (service: ServiceName, path: string): Route => ({ ...(allRoutes[0] as Route), service, path });

describe('the paths by which a load balancer knows a service', () => {
  it('lead every route of the contracts to its service, and to no other', () => {
    for (const { path, service } of allRoutes) {
      const found = services.filter((each) =>
        httpCollections(each).some((collection) => `${path}/`.startsWith(`${collection}/`)),
      );
      expect([path, found]).toEqual([path, [service]]);
    }
  });

  it('are none for a service without routes', () => {
    expect(httpCollections('core')).toEqual([]);
    expect(grpcPatterns('enterprise-info')).toEqual([]);
  });

  it('lead every call over gRPC to predict', () => {
    expect(grpcPatterns('predict')).toEqual(['/inference.GRPCInferenceService/*']);
  });

  it('are refused where two services share a collection', () => {
    const routes = [routeTo('core', '/v1/things'), routeTo('predict', '/v1/things/{thing}')];
    expect(() => httpCollections('core', routes)).toThrow('/v1/things is of core and predict; expected one service');
  });

  it('are refused where one rule has no room for them', () => {
    const collections = Array.from({ length: 9 }, (_, index) => `/v1/collection${index}`);
    expect(() => new CollectionPaths(collections)).toThrow(/^rule: \^.* has 164 characters; expected at most 128$/);
  });
});

import { grpcPatterns, httpPatterns } from '../../../lib/constructs/services/path-patterns';
import { allRoutes } from '../../../src/contracts/http/all-routes';
import type { Route, ServiceName } from '../../../src/contracts/http/route';

const services: readonly ServiceName[] = ['core', 'enterprise-info', 'predict', 'predict-registry'];
/** As a load balancer matches a path. */
const matches = (pattern: string, path: string): boolean =>
  new RegExp(`^${pattern.replace(/[.]/g, '\\.').replaceAll('*', '.*')}$`).test(path);
const routeTo = (service: ServiceName, path: string): Route => ({ ...(allRoutes[0] as Route), service, path });

describe('the paths by which a load balancer knows a service', () => {
  it('lead every route of the contracts to its service, and to no other', () => {
    for (const { path, service } of allRoutes) {
      const found = services.filter((each) => httpPatterns(each).some((pattern) => matches(pattern, path)));
      expect([path, found]).toEqual([path, [service]]);
    }
  });

  it('are none for a service without routes', () => {
    expect(httpPatterns('core')).toEqual([]);
    expect(grpcPatterns('enterprise-info')).toEqual([]);
  });

  it('lead every call over gRPC to predict', () => {
    expect(grpcPatterns('predict')).toEqual(['/inference.GRPCInferenceService/*']);
  });

  it('are refused where two services share a collection', () => {
    const routes = [routeTo('core', '/v1/things'), routeTo('predict', '/v1/things/{thing}')];
    expect(() => httpPatterns('core', routes)).toThrow('/v1/things is of core and predict; expected one service');
  });

  it('are refused where one rule has no room for them', () => {
    const routes = Array.from({ length: 6 }, (_, index) => routeTo('core', `/v1/things${index}`));
    expect(() => httpPatterns('core', routes)).toThrow('core has 6 collections; expected at most 5');
  });
});

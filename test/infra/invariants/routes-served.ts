import { type Assembly, type PlacedResource, resourcesOf } from '../../../lib/assembly/assembly';
import type { Route } from '../../../src/contracts/http/route';
import { follow, type Rule, type Violation } from './rule';

/** Methods of the REST API = routes of the contracts, one to one; a method needs a token unless its route is public. */
export const routesServed = (routes: readonly Route[]): Rule => ({
  name: 'routes-served',
  check: (assembly: Assembly) => {
    const methods = resourcesOf(assembly, 'AWS::ApiGateway::Method').filter(
      ({ properties }) => properties.HttpMethod !== 'OPTIONS',
    );
    const wanted = new Map(routes.map((route) => [`${route.method} ${route.path}`, route]));
    const served = methods.map((method) => placeOf(assembly, method));
    const nowhere = { stack: methods[0]?.stack ?? assembly.stacks[0]!, id: 'Api' };
    return [
      ...[...wanted.keys()]
        .filter((place) => !served.includes(place))
        .map((place) => ({ at: nowhere, says: `lacks ${place}` })),
      ...methods.flatMap((method): Violation[] => {
        const route = wanted.get(placeOf(assembly, method));
        return problemsOf(method, route).map((says) => ({ at: method, says }));
      }),
    ];
  },
});

function problemsOf({ properties }: PlacedResource, route: Route | undefined): string[] {
  if (!route) return ['is a method without a route'];
  const { OperationName, AuthorizationType = 'NONE' } = properties;
  return [
    ...(OperationName === route.operationId
      ? []
      : [`has OperationName ${String(OperationName)}; expected ${route.operationId}`]),
    ...((AuthorizationType === 'NONE') === (route.public === true)
      ? []
      : [`has AuthorizationType ${String(AuthorizationType)}`]),
  ];
}

const placeOf = (assembly: Assembly, { stack, properties }: PlacedResource): string =>
  `${String(properties.HttpMethod)} ${pathTo(assembly, follow(assembly, stack, properties.ResourceId))}`;

/** From the root of the API down. */
function pathTo(assembly: Assembly, resource: PlacedResource | undefined): string {
  if (resource?.resource.Type !== 'AWS::ApiGateway::Resource') return '';
  const { ParentId, PathPart } = resource.properties;
  return `${pathTo(assembly, follow(assembly, resource.stack, ParentId))}/${String(PathPart)}`;
}

import { resourcesOf } from '../../../lib/assembly/assembly';
import { allRoutes } from '../../../src/contracts/http/all-routes';
import { synthesizedNeutral } from '../../helpers/synthesized';
import { at, listOf } from '../invariants/rule';

const assembly = synthesizedNeutral('prod');
const texts = (value: unknown, path: string): string[] => listOf(at(value, path)).map(String);
const [stage = 'none'] = resourcesOf(assembly, 'AWS::ApiGateway::Stage').map(({ properties }) => properties.StageName);
/** The container behind each listener rule, by the rule's logical id. */
const serviceOf = new Map(
  resourcesOf(assembly, 'AWS::ECS::Service')
    .flatMap(({ properties }) => listOf(properties.LoadBalancers))
    .map((balancer) => [
      String(at(balancer, 'AdvancedConfiguration.ProductionListenerRule.Ref')),
      at(balancer, 'ContainerName'),
    ]),
);

/** The whole path, case-sensitive: `*` is anything, `?` one character. */
const wildcard = (pattern: string): RegExp =>
  new RegExp(
    `^${pattern
      .replace(/[.+^${}()|[\]\\]/g, '\\$&')
      .replaceAll('*', '.*')
      .replaceAll('?', '.')}$`,
  );

const rules = resourcesOf(assembly, 'AWS::ElasticLoadBalancingV2::ListenerRule')
  // The other listener, of gRPC, knows no stages.
  .filter(({ properties }) => properties.Transforms !== undefined)
  .map(({ id, properties }) => {
    const [condition, ...more] = listOf(properties.Conditions);
    if (more.length > 0) throw new Error(`${id}: has ${more.length + 1} conditions; expected one`);
    const wildcards = texts(condition, 'PathPatternConfig.Values');
    const expressions = texts(condition, 'PathPatternConfig.RegexValues');
    const [transform] = listOf(properties.Transforms);
    const [rewrite] = listOf(at(transform, 'UrlRewriteConfig.Rewrites'));
    return {
      priority: Number(properties.Priority),
      service: serviceOf.get(id),
      values: [...wildcards, ...expressions],
      patterns: [...wildcards.map(wildcard), ...expressions.map((text) => new RegExp(text))],
      rewritten: (path: string) =>
        path.replace(new RegExp(String(at(rewrite, 'Regex'))), String(at(rewrite, 'Replace'))),
    };
  })
  .sort((a, b) => a.priority - b.priority);

/** As a load balancer does: the first rule by priority that knows the path, and what its service then sees. */
function sent(path: string): unknown {
  const rule = rules.find(({ patterns }) => patterns.some((pattern) => pattern.test(path)));
  return rule && { service: rule.service, path: rule.rewritten(path) };
}

const awkward = ['v1', 'v2', 'v2-iris', 'live', 'models', 'predictions', 'tenants', 'operations', 'tiers'];
/** Every way to put awkward values into a path. */
const filled = (path: string): string[] =>
  /\{\w+\}/.test(path) ? awkward.flatMap((value) => filled(path.replace(/\{\w+\}/, value))) : [path];

describe('the rules of the internal load balancer', () => {
  it('lead every route to the service that answers it, whatever its parameters are called, with the stage and without', () => {
    expect(stage).toBe('live');
    const paths = new Map(allRoutes.flatMap(({ path, service }) => filled(path).map((each) => [each, service])));
    const astray = [...paths].flatMap(([path, service]) =>
      [path, `/${stage}${path}`, `${path}?limit=1`]
        .map((asked) => ({ asked, got: sent(asked), expected: { service, path: asked.replace(/^\/live\//, '/') } }))
        .filter(({ got, expected }) => JSON.stringify(got) !== JSON.stringify(expected)),
    );
    expect(astray).toEqual([]);
  });

  it.each(['/', '/v1', '/v3/models', '/v1/modelsX', '/v2X', '/dev/v2', '/live/live/v2', '/x/v1/models', '/V2'])(
    'know nothing of %s',
    (path) => {
      expect(sent(path)).toBeUndefined();
    },
  );

  it('are as small as one may be: five values, of 128 characters each', () => {
    expect(rules.map(({ service }) => service)).toEqual(['enterprise-info', 'predict', 'predict-registry']);
    for (const { values } of rules) {
      expect(values.length).toBeGreaterThan(0);
      expect(values.length).toBeLessThanOrEqual(5);
      for (const value of values) expect(value.length).toBeLessThanOrEqual(128);
    }
  });
});

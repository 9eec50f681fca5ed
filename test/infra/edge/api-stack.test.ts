import { resourcesOf } from '../../../lib/assembly/assembly';
import { prod } from '../../../lib/config/prod';
import { errorCodes } from '../../../src/contracts/errors';
import { allRoutes } from '../../../src/contracts/http/all-routes';
import { tiers } from '../../../src/contracts/tiers';
import { usageGroups, usageKey } from '../../../src/contracts/usage-plans';
import { synthesizedNeutral } from '../../helpers/synthesized';

type Properties = { readonly [name: string]: unknown };

const assembly = synthesizedNeutral('prod');
const only = (type: string): Properties => {
  const [first, ...more] = resourcesOf(assembly, type);
  if (!first || more.length > 0) throw new Error(`${more.length + 1} of ${type}; expected one`);
  return first.properties;
};
const methods = new Map(
  resourcesOf(assembly, 'AWS::ApiGateway::Method').map(({ properties }) => [
    String(properties.OperationName),
    properties,
  ]),
);
const methodOf = (operationId: string) => methods.get(operationId) as Properties & { Integration: Properties };

const titleOf = (operationId: string): string => operationId.charAt(0).toUpperCase() + operationId.slice(1);

describe('the API', () => {
  it.each(allRoutes.map((route) => [route.operationId, route] as const))(
    'sends %s to the load balancer and nowhere else, with its parameters, for 29 s at most',
    (operationId, { method, path, opaqueBody }) => {
      const names = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
      expect(methodOf(operationId).Integration).toEqual({
        Type: 'HTTP_PROXY',
        IntegrationHttpMethod: method,
        Uri: `https://internal-us-east-1.kolate.example.com${path}`,
        ConnectionType: 'VPC_LINK',
        ConnectionId: { Ref: expect.stringMatching(/^Link/) },
        IntegrationTarget: expect.objectContaining({ 'Fn::GetStackOutput': expect.anything() }),
        TimeoutInMillis: 29_000,
        // Binary tensors are not to be taken for text on their way back.
        ...(opaqueBody && { ResponseTransferMode: 'STREAM' }),
        RequestParameters: Object.fromEntries(
          names.map((name) => [`integration.request.path.${name}`, `method.request.path.${name}`]),
        ),
      });
    },
  );

  it('asks for a token and counts against a usage plan where the route is not public', () => {
    for (const { operationId, public: isPublic = false } of allRoutes) {
      const { AuthorizationType, AuthorizerId, ApiKeyRequired = false } = methodOf(operationId);
      expect([operationId, AuthorizationType, AuthorizerId !== undefined, ApiKeyRequired]).toEqual(
        isPublic ? [operationId, 'NONE', false, false] : [operationId, 'CUSTOM', true, true],
      );
    }
  });

  it('validates bodies by a model where the contract lets it, and never those that are the protocol’s own', () => {
    const models = new Map(
      resourcesOf(assembly, 'AWS::ApiGateway::Model').map(({ id, properties }) => [id, properties]),
    );
    for (const { operationId, body, opaqueBody } of allRoutes) {
      const { RequestModels, RequestValidatorId } = methodOf(operationId);
      expect(RequestValidatorId).toBeDefined();
      const ref = (RequestModels as { 'application/json'?: { Ref: string } } | undefined)?.['application/json']?.Ref;
      expect([operationId, ref !== undefined]).toEqual([operationId, body !== undefined && !opaqueBody]);
      if (ref)
        expect(models.get(ref)).toMatchObject({
          Schema: { title: titleOf(operationId), type: 'object', additionalProperties: false },
        });
    }
  });

  it('lets the service say that If-Match is missing', () => {
    expect(methodOf('updateTenant').RequestParameters).toMatchObject({ 'method.request.header.If-Match': false });
  });

  it('passes binary tensors on as they are', () => {
    expect(only('AWS::ApiGateway::RestApi')).toMatchObject({
      BinaryMediaTypes: ['application/octet-stream'],
      ApiKeySourceType: 'AUTHORIZER',
      DisableExecuteApiEndpoint: true,
    });
  });

  it('bounds every route by its class, and logs no body of any', () => {
    const settings = only('AWS::ApiGateway::Stage').MethodSettings as Properties[];
    for (const { method, path, throttle } of allRoutes) {
      const { ratePerSecond, burst } = prod.edge.throttling[throttle];
      const resourcePath = `/${path.replaceAll('/', '~1')}`;
      expect(settings).toContainEqual({
        ...{ HttpMethod: method, ResourcePath: resourcePath, ThrottlingRateLimit: ratePerSecond },
        ...{ ThrottlingBurstLimit: burst, LoggingLevel: 'ERROR', DataTraceEnabled: false, MetricsEnabled: true },
      });
    }
    expect(settings).toHaveLength(allRoutes.length + 1);
  });

  it('keeps the log that API Gateway would otherwise keep for ever', () => {
    const names = resourcesOf(assembly, 'AWS::Logs::LogGroup').map(({ properties }) => JSON.stringify(properties));
    expect(names.filter((text) => text.includes('API-Gateway-Execution-Logs_'))).toEqual([
      expect.stringMatching(/"\/live"|\/live.*"RetentionInDays":365/),
    ]);
  });
});

describe('a refusal of API Gateway', () => {
  const responses = resourcesOf(assembly, 'AWS::ApiGateway::GatewayResponse').map(({ properties }) => properties);

  it.each(responses.map((properties) => [String(properties.ResponseType), properties] as const))(
    'is a problem of ours: %s',
    (_type, { StatusCode, ResponseTemplates, ResponseParameters }) => {
      const template = (ResponseTemplates as Record<string, string>)['application/json'] ?? '';
      // As API Gateway does it: messageString comes with its quotes, everything else is put in as it is.
      const text = template
        .replaceAll('$context.error.messageString', '"as \\"it\\" says"')
        .replaceAll('$context.requestId', '11111111-2222');
      const problem = JSON.parse(text);
      expect(problem).toEqual({
        type: `https://kolate.dev/errors/${problem.code}`,
        title: errorCodes[problem.code as keyof typeof errorCodes].title,
        status: Number(StatusCode),
        code: problem.code,
        instance: 'urn:request:11111111-2222',
        detail: expect.any(String),
        error: problem.detail,
      });
      expect(ResponseParameters).toMatchObject({
        'gatewayresponse.header.Content-Type': "'application/problem+json'",
        ...(problem.status === 429 && { 'gatewayresponse.header.Retry-After': "'1'" }),
        ...(problem.status === 401 && { 'gatewayresponse.header.WWW-Authenticate': "'Bearer'" }),
      });
    },
  );

  it('is that of a path that is not there where API Gateway speaks of a missing token', () => {
    const [unknown] = responses.filter(({ ResponseType }) => ResponseType === 'MISSING_AUTHENTICATION_TOKEN');
    expect(unknown?.StatusCode).toBe('404');
  });
});

describe('the usage plans', () => {
  it('are one for each group, with the key that the authorizer names', () => {
    const keys = resourcesOf(assembly, 'AWS::ApiGateway::ApiKey').map(({ properties }) => properties.Value);
    expect(keys.sort()).toEqual(usageGroups.map((group) => usageKey('kolate-prod-api', group)).sort());
    for (const key of keys) expect(String(key).length).toBeGreaterThanOrEqual(20);
    const [authorizer] = resourcesOf(assembly, 'AWS::Lambda::Function').filter(({ id }) => id.startsWith('Authorizer'));
    expect(authorizer?.properties.Environment).toMatchObject({
      Variables: { KOLATE_USAGE_KEYS_OF: 'kolate-prod-api' },
    });
  });

  it('let through what the environment says of a tier’s tenants together', () => {
    const rates = resourcesOf(assembly, 'AWS::ApiGateway::UsagePlan').map(({ properties }) => properties.Throttle);
    for (const { name, ratePerSecond, burst } of tiers) {
      const tenants = prod.edge.tenantsAtFullRate[name];
      expect(rates).toContainEqual({ RateLimit: ratePerSecond * tenants, BurstLimit: burst * tenants });
    }
  });
});

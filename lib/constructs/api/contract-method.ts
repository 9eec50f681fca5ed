import { Validations } from 'aws-cdk-lib';
import * as apigateway from 'aws-cdk-lib/aws-apigateway';
import type { IVpcLink } from 'aws-cdk-lib/aws-apigatewayv2';
import type { IApplicationLoadBalancer } from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import type { Route } from '../../../src/contracts/http/route';
import { toDraft4 } from '../../../src/contracts/http/to-draft4';

type Json = Readonly<Record<string, unknown>>;

/** The way into the VPC: to `alb`, whose certificate is for `host`. */
export type Way = { readonly link: IVpcLink; readonly alb: IApplicationLoadBalancer; readonly host: string };

export type ContractMethodProps = {
  readonly api: apigateway.RestApi;
  readonly way: Way;
  readonly authorizer: apigateway.IAuthorizer;
  /** Judges parameters, and bodies where there is a model. */
  readonly validator: apigateway.IRequestValidator;
};

/** What API Gateway allows an integration. */
const timeoutMs = 29_000;

/** One route of the contracts as a method: token, usage plan, validation, then the service behind the load balancer. */
export function addContractMethod(props: ContractMethodProps, route: Route): void {
  const { api, way, authorizer, validator } = props;
  const parameters = namesOf(route.params);
  const schema = route.body && !route.opaqueBody ? toDraft4(route.body) : undefined;
  const method = api.root.resourceForPath(route.path).addMethod(route.method, integration(way, route, parameters), {
    operationName: route.operationId,
    requestValidator: validator,
    requestParameters: {
      ...Object.fromEntries(parameters.map((name) => [`method.request.path.${name}`, true])),
      ...Object.fromEntries(namesOf(route.query).map((name) => [`method.request.querystring.${name}`, false])),
      // Without it the service says 428; API Gateway would say 400.
      ...(route.conditional && { 'method.request.header.If-Match': false }),
      ...(route.idempotent && { 'method.request.header.Idempotency-Key': false }),
    },
    ...(schema && { requestModels: { 'application/json': model(api, route, schema) } }),
    ...(route.public
      ? { authorizationType: apigateway.AuthorizationType.NONE }
      : { authorizationType: apigateway.AuthorizationType.CUSTOM, authorizer, apiKeyRequired: true }),
  });
  if (route.public) {
    const reason = 'The protocol lets anybody ask whether the server is alive, ready, and what it is called.';
    Validations.of(method).acknowledge({ id: 'AwsSolutions-APIG4', reason });
  }
  const target = sendThrough(way, method);
  // A deployment keeps what it was made of, and its name is made of what the CDK knows: without this nothing would change.
  api.latestDeployment?.addToLogicalId({ [route.operationId]: { target, schema } });
}

const namesOf = (schema: Route['params']): string[] => Object.keys(schema?.properties ?? {});

const integration = (
  { host }: Way,
  { method, path, opaqueBody }: Route,
  parameters: readonly string[],
): apigateway.Integration =>
  new apigateway.Integration({
    type: apigateway.IntegrationType.HTTP_PROXY,
    integrationHttpMethod: method,
    uri: `https://${host}${path}`,
    options: {
      // Passed on as it comes: else an answer in binary tensors would arrive as base64 at a client that accepts anything.
      ...(opaqueBody && { responseTransferMode: apigateway.ResponseTransferMode.STREAM }),
      requestParameters: Object.fromEntries(
        parameters.map((name) => [`integration.request.path.${name}`, `method.request.path.${name}`]),
      ),
    },
  });

function model(api: apigateway.RestApi, { operationId }: Route, schema: Json): apigateway.Model {
  const modelName = `${operationId.charAt(0).toUpperCase()}${operationId.slice(1)}`;
  const created = new apigateway.Model(api, `Model${modelName}`, { restApi: api, modelName, schema: {} });
  // The CDK's own type of a schema has other words, and drops some of ours.
  cfnOf(created.node.defaultChild, apigateway.CfnModel).schema = { ...schema, title: modelName };
  return created;
}

/** What the CDK has no words for yet: a VPC link of the second kind, straight to an application load balancer. */
function sendThrough({ link, alb }: Way, method: apigateway.Method): Json {
  const target = {
    ConnectionType: 'VPC_LINK',
    ConnectionId: link.vpcLinkId,
    IntegrationTarget: alb.loadBalancerArn,
    TimeoutInMillis: timeoutMs,
  };
  const cfn = cfnOf(method.node.defaultChild, apigateway.CfnMethod);
  for (const [name, value] of Object.entries(target)) cfn.addPropertyOverride(`Integration.${name}`, value);
  return target;
}

function cfnOf<T>(child: unknown, type: abstract new (...args: never[]) => T): T {
  if (child instanceof type) return child;
  throw new Error(`api: a construct has no ${type.name} inside`);
}

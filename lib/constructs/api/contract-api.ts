import { RemovalPolicy, Size, Validations } from 'aws-cdk-lib';
import * as apigateway from 'aws-cdk-lib/aws-apigateway';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { allRoutes } from '../../../src/contracts/http/all-routes';
import type { Environment } from '../../config/environment';
import { addContractMethod, type Way } from './contract-method';
import { GatewayResponses } from './gateway-responses';
import { stageName } from './stage-paths';
import { accessLogFormat, methodSettings, stageSettings } from './stage-settings';

export type ContractApiProps = {
  readonly way: Way;
  readonly authorizer: apigateway.IAuthorizer;
  readonly throttling: Environment['edge']['throttling'];
  readonly key: IKey;
  readonly logDays: number;
};

/** The binary tensors of the Open Inference Protocol. */
const binaryMediaTypes = ['application/octet-stream'];

/** Every route of the contracts as a method of API Gateway, and nothing else. Reached by a domain of ours alone. */
export class ContractApi extends Construct {
  readonly api: apigateway.RestApi;
  readonly stage: apigateway.Stage;

  constructor(scope: Construct, id: string, props: ContractApiProps) {
    super(scope, id);
    const { key, logDays, throttling } = props;
    const logs = { encryptionKey: key, retention: logDays, removalPolicy: RemovalPolicy.DESTROY };
    this.api = new apigateway.RestApi(this, 'Api', {
      description: 'The HTTP API of the contracts',
      endpointConfiguration: { types: [apigateway.EndpointType.REGIONAL] },
      disableExecuteApiEndpoint: true,
      binaryMediaTypes,
      // Also lets API Gateway read bodies that come compressed.
      minCompressionSize: Size.kibibytes(1),
      apiKeySourceType: apigateway.ApiKeySourceType.AUTHORIZER,
      cloudWatchRole: true,
      cloudWatchRoleRemovalPolicy: RemovalPolicy.RETAIN,
      deployOptions: {
        stageName,
        accessLogDestination: new apigateway.LogGroupLogDestination(new LogGroup(this, 'AccessLog', logs)),
        accessLogFormat,
        tracingEnabled: true,
        ...stageSettings(throttling),
        methodOptions: methodSettings(allRoutes, throttling),
      },
    });
    this.stage = this.api.deploymentStage;
    // API Gateway would make a group of this name by itself, which keeps everything for ever.
    const logGroupName = `API-Gateway-Execution-Logs_${this.api.restApiId}/${stageName}`;
    this.stage.node.addDependency(new LogGroup(this, 'ExecutionLog', { ...logs, logGroupName }));
    this.addMethods(props);
    new GatewayResponses(this, 'Refusals', { api: this.api });
    this.explain();
  }

  private addMethods({ way, authorizer }: ContractApiProps): void {
    const { api } = this;
    const validator = api.addRequestValidator('Validator', {
      validateRequestBody: true,
      validateRequestParameters: true,
    });
    for (const route of allRoutes) addContractMethod({ api, way, authorizer, validator }, route);
  }

  private explain(): void {
    const because = (id: string, reason: string) => Validations.of(this.api).acknowledge({ id, reason });
    because(
      'AwsSolutions-COG4',
      'The authorizer of ours checks tokens of the user pool, and scopes by the contracts too.',
    );
    because(
      'AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/AmazonAPIGatewayPushToCloudWatchLogs]',
      'AWS names this policy for the role by which API Gateway writes logs.',
    );
    const behind = 'Nobody but CloudFront gets through the handshake, and its firewall has looked at everything.';
    because('AwsSolutions-APIG3', behind);
    because('NIST.800.53.R5-APIGWAssociatedWithWAF', behind);
    because('NIST.800.53.R5-APIGWCacheEnabledAndEncrypted', 'Answers are of one tenant and of one moment.');
    because('NIST.800.53.R5-APIGWSSLEnabled', 'The load balancer takes nothing but what the VPC link’s group sends.');
  }
}

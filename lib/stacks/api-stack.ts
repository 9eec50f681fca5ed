import { Duration, Validations } from 'aws-cdk-lib';
import { type IAuthorizer, type Stage, TokenAuthorizer } from 'aws-cdk-lib/aws-apigateway';
import { VpcLink } from 'aws-cdk-lib/aws-apigatewayv2';
import type { ICertificate } from 'aws-cdk-lib/aws-certificatemanager';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import type { IApplicationLoadBalancer } from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { IHealthCheck, IHostedZone } from 'aws-cdk-lib/aws-route53';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import type { Construct } from 'constructs';
import { ApiAlarms } from '../constructs/api/api-alarms';
import { ContractApi } from '../constructs/api/contract-api';
import { OriginDomain } from '../constructs/api/origin-domain';
import { UsagePlans } from '../constructs/api/usage-plans';
import { KolateKey } from '../constructs/kolate-key';
import { KolateLambda } from '../constructs/kolate-lambda';
import { KolateStack, type KolateStackProps } from './kolate-stack';

export type ApiStackProps = KolateStackProps & {
  readonly vpc: ec2.IVpc;
  readonly zone: IHostedZone;
  readonly healthCheck: IHealthCheck | undefined;
  /** The internal load balancer, and the name that its certificate is for. */
  readonly alb: IApplicationLoadBalancer;
  readonly albGuard: ec2.ISecurityGroup;
  readonly albHost: string;
  readonly certificate: ICertificate;
  readonly truststore: IBucket;
  readonly issuerUrl: string;
  readonly alarmTopic: ITopic;
};

/** The HTTP API in a region: API Gateway with its authorizer, in front of the internal load balancer. */
export class ApiStack extends KolateStack {
  /** Where CloudFront finds the API, in whichever region it is. */
  readonly originName: string;
  readonly stage: Stage;

  constructor(scope: Construct, props: ApiStackProps) {
    super(scope, 'api', props);
    const { environment, alb, albHost, zone, alarmTopic } = props;
    const { edge, logDays } = environment;
    const key = new KolateKey(this, 'Key', 'Logs of the API');
    const link = this.linkTo(props);
    const authorizer = this.authorizer(props, key);
    const way = { link, alb, host: albHost };
    const { api, stage } = new ContractApi(this, 'Contract', {
      ...{ way, authorizer, throttling: edge.throttling, key, logDays },
    });
    this.stage = stage;
    new UsagePlans(this, 'Plans', {
      ...{ api, stage, keysOf: this.stackName, tenantsAtFullRate: edge.tenantsAtFullRate },
    });
    const { certificate, truststore, healthCheck } = props;
    this.originName = new OriginDomain(this, 'Domain', {
      ...{ stage, zone, certificate, truststore, healthCheck, environment },
    }).name;
    new ApiAlarms(this, 'Alarms', { stage, alarmTopic });
  }

  /** The rule that lets it in stands here, so that the load balancer's stack needs nothing of this one. */
  private linkTo({ vpc, albGuard }: ApiStackProps): VpcLink {
    const group = new ec2.SecurityGroup(this, 'LinkGuard', {
      ...{ vpc, allowAllOutbound: false, description: 'API Gateway on its way to the internal load balancer' },
    });
    group.addEgressRule(ec2.Peer.ipv4(vpc.vpcCidrBlock), ec2.Port.HTTPS, 'The internal load balancer');
    new ec2.CfnSecurityGroupIngress(this, 'LinkIn', {
      groupId: albGuard.securityGroupId,
      sourceSecurityGroupId: group.securityGroupId,
      ...{ ipProtocol: 'tcp', fromPort: 443, toPort: 443, description: 'API Gateway' },
    });
    return new VpcLink(this, 'Link', { vpc, subnets: { subnetGroupName: 'app' }, securityGroups: [group] });
  }

  private authorizer({ issuerUrl, environment, alarmTopic }: ApiStackProps, key: IKey): IAuthorizer {
    const lambda = new KolateLambda(this, 'Authorizer', {
      handler: 'authorizer',
      description: 'Which routes a token allows',
      environment: { KOLATE_ISSUER_URL: issuerUrl, KOLATE_USAGE_KEYS_OF: this.stackName },
      key,
      logDays: environment.logDays,
      alarmTopic,
      timeout: Duration.seconds(5),
      concurrency: { unlimitedBecause: 'Every request waits for it, and its answers are kept for five minutes.' },
      // It refuses a bad token by failing with `Unauthorized`, which is in order.
      errorTerms: ['KLT_DEPENDENCY_UNAVAILABLE', 'KLT_CONFIG_INVALID', 'Task timed out'],
    });
    Validations.of(lambda).acknowledge({
      id: 'cdk-validator-cfnguard::lambda_function_public_access_prohibited_check',
      reason: 'API Gateway may call it, for this one authorizer: the ARN that says so is not known before deployment.',
    });
    return new TokenAuthorizer(this, 'TokenAuthorizer', {
      handler: lambda.function,
      resultsCacheTtl: Duration.minutes(5),
      // Answers 401 by itself to what cannot be a token, without a call of the function.
      validationRegex: '^[Bb][Ee][Aa][Rr][Ee][Rr] [^ ]+$',
    });
  }
}

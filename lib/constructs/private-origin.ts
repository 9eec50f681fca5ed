import { Stack, Validations } from 'aws-cdk-lib';
import * as cloudfront from 'aws-cdk-lib/aws-cloudfront';
import { CfnSecurityGroupIngress, type ISecurityGroup, type IVpc } from 'aws-cdk-lib/aws-ec2';
import type { ApplicationLoadBalancer } from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import type { ILogGroup } from 'aws-cdk-lib/aws-logs';
import { AwsCustomResource, AwsCustomResourcePolicy, PhysicalResourceId } from 'aws-cdk-lib/custom-resources';
import { Construct } from 'constructs';

export type PrivateOriginProps = {
  readonly vpc: IVpc;
  readonly alb: ApplicationLoadBalancer;
  readonly albGuard: ISecurityGroup;
  /** Of the function that looks the security group up. */
  readonly logGroup: ILogGroup;
};

/**
 * CloudFront's own way into the VPC, for WebSockets. AWS makes a security group for it in the VPC, which alone may reach
 * the load balancer. While a distribution uses it nothing of it can be changed, not even a tag: put none on it.
 */
export class PrivateOrigin extends Construct {
  readonly origin: cloudfront.IVpcOrigin;

  constructor(scope: Construct, id: string, { vpc, alb, albGuard, logGroup }: PrivateOriginProps) {
    super(scope, id);
    const origin = new cloudfront.VpcOrigin(this, 'Origin', {
      endpoint: cloudfront.VpcOriginEndpoint.applicationLoadBalancer(alb),
      protocolPolicy: cloudfront.OriginProtocolPolicy.HTTPS_ONLY,
      originSslProtocols: [cloudfront.OriginSslPolicy.TLS_V1_2],
    });
    this.origin = origin;
    const found = this.findGroup(vpc, logGroup);
    found.node.addDependency(origin);
    new CfnSecurityGroupIngress(this, 'In', {
      groupId: albGuard.securityGroupId,
      sourceSecurityGroupId: found.getResponseField('SecurityGroups.0.GroupId'),
      ...{ ipProtocol: 'tcp', fromPort: 443, toPort: 443, description: 'CloudFront' },
    });
  }

  /** It is there as soon as the VPC has an origin, and no resource has its id as an attribute. */
  private findGroup(vpc: IVpc, logGroup: ILogGroup): AwsCustomResource {
    const filters = [
      { Name: 'group-name', Values: ['CloudFront-VPCOrigins-Service-SG'] },
      { Name: 'vpc-id', Values: [vpc.vpcId] },
    ];
    const find = {
      service: 'EC2',
      action: 'describeSecurityGroups',
      parameters: { Filters: filters },
      physicalResourceId: PhysicalResourceId.of('CloudFront-VPCOrigins-Service-SG'),
      outputPaths: ['SecurityGroups.0.GroupId'],
    };
    const found = new AwsCustomResource(this, 'Group', {
      onUpdate: find,
      policy: AwsCustomResourcePolicy.fromSdkCalls({ resources: AwsCustomResourcePolicy.ANY_RESOURCE }),
      installLatestAwsSdk: false,
      logGroup,
    });
    explainLookUp(this, found);
    return found;
  }
}

function explainLookUp(scope: Construct, found: AwsCustomResource): void {
  Validations.of(found).acknowledge({
    id: 'AwsSolutions-IAM5[Resource::*]',
    reason: 'ec2:DescribeSecurityGroups cannot be granted on single groups.',
  });
  Validations.of(found).acknowledge({
    id: 'NIST.800.53.R5-IAMNoInlinePolicy',
    reason: 'The right to make one call, of one function, which goes with it.',
  });
  // One function of the CDK's for all look-ups of a stack; it runs while the stack is deployed and at no other time.
  const runner = Stack.of(scope).node.tryFindChild('AWS679f53fac002430cb0da5b7982bd2287');
  if (!runner) throw new Error('private origin: the function of AwsCustomResource is not where it was');
  const because = (id: string, reason: string) => Validations.of(runner).acknowledge({ id, reason });
  because(
    'AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole]',
    'The CDK gives its own functions the right to write their log by this policy.',
  );
  because('NIST.800.53.R5-LambdaConcurrency', 'It runs once a deployment.');
  because('NIST.800.53.R5-LambdaDLQ', 'CloudFormation waits for it and shows how it fails.');
  because('Serverless-LambdaDLQ', 'CloudFormation waits for it and shows how it fails.');
  because('NIST.800.53.R5-LambdaInsideVPC', 'It calls an API of AWS and reaches nothing in the VPC.');
  because('cdk-validator-cfnguard::lambda_inside_vpc_check', 'It calls an API of AWS and reaches nothing in the VPC.');
  because('Serverless-LambdaDefaultMemorySize', 'It makes one call; Lambda’s default is enough.');
  because('Serverless-LambdaTracing', 'It makes one call a deployment, whose outcome CloudFormation shows.');
}

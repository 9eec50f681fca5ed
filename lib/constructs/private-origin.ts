import { Validations } from 'aws-cdk-lib';
import * as cloudfront from 'aws-cdk-lib/aws-cloudfront';
import { CfnSecurityGroupIngress, type ISecurityGroup, type IVpc } from 'aws-cdk-lib/aws-ec2';
import type { ApplicationLoadBalancer } from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import type { ILogGroup } from 'aws-cdk-lib/aws-logs';
import { AwsCustomResource, AwsCustomResourcePolicy, PhysicalResourceId } from 'aws-cdk-lib/custom-resources';
import { Construct } from 'constructs';
import { explainAwsCall } from './explain-aws-call';

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
    explainAwsCall(this, found);
    Validations.of(found).acknowledge({
      id: 'AwsSolutions-IAM5[Resource::*]',
      reason: 'ec2:DescribeSecurityGroups cannot be granted on single groups.',
    });
    return found;
  }
}

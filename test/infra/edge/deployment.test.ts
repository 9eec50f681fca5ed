import { Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { TokenAuthorizer } from 'aws-cdk-lib/aws-apigateway';
import { VpcLink } from 'aws-cdk-lib/aws-apigatewayv2';
import { Vpc } from 'aws-cdk-lib/aws-ec2';
import { ApplicationLoadBalancer } from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import { dev } from '../../../lib/config/dev';
import { ContractApi } from '../../../lib/constructs/api/contract-api';
import { KolateKey } from '../../../lib/constructs/kolate-key';
import { createApp } from '../../../lib/platform-app';

/** The logical id of the deployment in an API that sends everything to the load balancer `albName`. */
function deploymentId(albName: string, host = 'internal.example.com', throttling = dev.edge.throttling): string {
  const app = createApp({ analyticsReporting: false, builtinCloudFormationValidation: false });
  const stack = new Stack(app, 'Stack', { env: { account: '111111111111', region: 'us-east-1' } });
  const arn = `arn:aws:elasticloadbalancing:us-east-1:111111111111:loadbalancer/app/${albName}/0123456789abcdef`;
  const alb = ApplicationLoadBalancer.fromApplicationLoadBalancerAttributes(stack, 'Alb', {
    loadBalancerArn: arn,
    securityGroupId: 'sg-1',
  });
  const vpc = Vpc.fromVpcAttributes(stack, 'Vpc', { vpcId: 'vpc-1', availabilityZones: ['us-east-1a'] });
  const link = VpcLink.fromVpcLinkAttributes(stack, 'Link', { vpcLinkId: 'link', vpc });
  const handler = LambdaFunction.fromFunctionArn(stack, 'Fn', 'arn:aws:lambda:us-east-1:111111111111:function:f');
  new ContractApi(stack, 'Contract', {
    way: { link, alb, host },
    authorizer: new TokenAuthorizer(stack, 'Authorizer', { handler }),
    throttling,
    key: new KolateKey(stack, 'Key', 'Test'),
    logDays: 7,
  });
  const ids = Object.keys(Template.fromStack(stack).findResources('AWS::ApiGateway::Deployment'));
  if (ids.length !== 1) throw new Error(`${ids.length} deployments; expected one`);
  return ids[0] as string;
}

describe('a deployment of the API', () => {
  const first = deploymentId('one');

  it('is made anew where requests are to go elsewhere, which the CDK does not see by itself', () => {
    expect(deploymentId('two')).not.toBe(first);
    expect(deploymentId('one', 'other.example.com')).not.toBe(first);
  });

  it('stays where nothing of it has changed', () => {
    expect(deploymentId('one')).toBe(first);
    const throttling = { ...dev.edge.throttling, control: { ratePerSecond: 1, burst: 1 } };
    expect(deploymentId('one', undefined, throttling)).toBe(first);
  });
});

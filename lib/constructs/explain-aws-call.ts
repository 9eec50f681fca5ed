import { Stack, Validations } from 'aws-cdk-lib';
import type { AwsCustomResource } from 'aws-cdk-lib/custom-resources';
import type { Construct } from 'constructs';

/** Says why `call`, which CloudFormation makes through a function of the CDK's, is as it is. */
export function explainAwsCall(scope: Construct, call: AwsCustomResource): void {
  Validations.of(call).acknowledge({
    id: 'NIST.800.53.R5-IAMNoInlinePolicy',
    reason: 'The right to make one call, of one function, which goes with it.',
  });
  // One function of the CDK's for all such calls of a stack; it runs while the stack is deployed and at no other time.
  const runner = Stack.of(scope).node.tryFindChild('AWS679f53fac002430cb0da5b7982bd2287');
  if (!runner)
    throw new Error('aws call: the function of AwsCustomResource is not where it was; expected it in the stack');
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

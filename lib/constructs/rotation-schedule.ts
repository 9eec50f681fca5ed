import { Stack } from 'aws-cdk-lib';
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { CfnRotationSchedule, type ISecret } from 'aws-cdk-lib/aws-secretsmanager';
import type { HandlerName } from '../../src/contracts/env/handler-envs';
import type { KolateLambda } from './kolate-lambda';

/** How often secrets are rotated; also of tenants, in their own stacks. */
export const rotationRules: CfnRotationSchedule.RotationRulesProperty = { scheduleExpression: 'rate(90 days)' };

/** What a function does with a secret that it rotates. */
export const rotationActions = ['DescribeSecret', 'GetSecretValue', 'PutSecretValue', 'UpdateSecretVersionStage'].map(
  (action) => `secretsmanager:${action}`,
);

/** By hand: what the CDK's schedule adds lets the Secrets Manager of every account in. */
export function letSecretsManagerCall({ function: called }: KolateLambda<HandlerName>): void {
  called.addPermission('SecretsManager', {
    principal: new ServicePrincipal('secretsmanager.amazonaws.com'),
    sourceAccount: Stack.of(called).account,
  });
}

/** Has `lambda`, whom Secrets Manager may call, rotate the secret. @param id of the schedule, below the function */
export function scheduleRotation(lambda: KolateLambda<HandlerName>, id: string, secret: ISecret): void {
  secret.encryptionKey?.grant(lambda, 'kms:Decrypt', 'kms:GenerateDataKey');
  lambda.function.addToRolePolicy(new PolicyStatement({ actions: rotationActions, resources: [secret.secretArn] }));
  const schedule = new CfnRotationSchedule(lambda.node.scope ?? lambda, id, {
    secretId: secret.secretArn,
    rotationLambdaArn: lambda.function.functionArn,
    rotationRules,
  });
  // Else the first rotation, at once, would find the function shut, or itself without rights.
  schedule.node.addDependency(lambda);
}

import { Aws, Validations } from 'aws-cdk-lib';
import { Effect, ManagedPolicy, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';

export type PermissionsBoundaryProps = {
  /** Resources that are tagged with another environment's name stay out of reach. */
  readonly environmentName: string;
};

/** All that tasks and tenants' engines have a use for. What a role really gets, its own policies say, by resource. */
const usable = [
  ...['kafka-cluster:*', 'kafka:GetBootstrapBrokers', 'kafka:DescribeCluster*', 'kafka:*Topic*'],
  ...['rds-db:connect', 'elasticache:Connect', 'elasticache:*User*', 'elasticache:AddTagsToResource', 'es:ESHttp*'],
  ...['s3:GetObject*', 's3:PutObject*', 's3:DeleteObject*', 's3:ListBucket*', 's3:AbortMultipartUpload'],
  's3:ListMultipartUploadParts',
  ...['secretsmanager:*Secret', 'secretsmanager:*SecretValue', 'ssm:GetParameter*', 'ssmmessages:*'],
  ...['kms:Decrypt', 'kms:Encrypt', 'kms:GenerateDataKey*', 'kms:ReEncrypt*', 'kms:DescribeKey'],
  ...['cognito-idp:*UserPoolClient*', 'cognito-idp:Admin*', 'cognito-idp:Describe*', 'cognito-idp:List*'],
  ...['dynamodb:GetItem', 'dynamodb:UpdateItem', 'dynamodb:DeleteItem'],
  ...['cloudformation:*Stack*', 'cloudformation:*ChangeSet*', 'cloudformation:ContinueUpdateRollback'],
  ...['sqs:*Message*', 'sqs:GetQueue*', 'sns:Publish', 'events:PutEvents', 'lambda:InvokeFunction'],
  ...['logs:CreateLogStream', 'logs:PutLogEvents', 'logs:DescribeLog*', 'cloudwatch:PutMetricData', 'xray:*'],
  ...['ecr:GetAuthorizationToken', 'ecr:BatchGetImage', 'ecr:GetDownloadUrlForLayer'],
  ...['ecr:BatchCheckLayerAvailability', 'ecs:UpdateTaskProtection', 'ecs:Describe*', 'sts:AssumeRole'],
  // Hosts of tenants' engines: their cluster, and the volume of their own.
  ...['ecs:*ContainerInstance*', 'ecs:Poll', 'ecs:DiscoverPollEndpoint', 'ecs:StartTelemetrySession', 'ecs:Submit*'],
  ...['ec2:AttachVolume', 'ec2:DescribeVolumes', 'ec2:DescribeTags', 'kms:CreateGrant'],
];

/** Never, also where a resource's own policy would allow it: a boundary alone does not hold against that. */
const forbidden = [
  ...['iam:Create*', 'iam:Put*', 'iam:Attach*', 'iam:Detach*', 'iam:Delete*', 'iam:Update*', 'iam:Add*', 'iam:Set*'],
  ...['organizations:*', 'account:*', 'cloudtrail:*', 'config:*', 'backup:*'],
  ...['kms:ScheduleKeyDeletion', 'kms:DisableKey', 'kms:PutKeyPolicy', 's3:DeleteBucket*', 's3:PutBucket*'],
];

/**
 * What a role of a task or of a tenant may do at most, whatever its policies say: what the platform's code has a use for,
 * in its own environment, and nothing that makes rights or destroys what is kept.
 */
export class PermissionsBoundary extends Construct {
  readonly policy: ManagedPolicy;

  constructor(scope: Construct, id: string, { environmentName }: PermissionsBoundaryProps) {
    super(scope, id);
    const allow = (sid: string, actions: string[]) =>
      new PolicyStatement({ sid, effect: Effect.ALLOW, actions, resources: ['*'] });
    const deny = (sid: string, actions: string[], conditions = {}) =>
      new PolicyStatement({ sid, effect: Effect.DENY, actions, resources: ['*'], conditions });
    const ofOthers = 'aws:ResourceTag/kolate:environment';
    this.policy = new ManagedPolicy(this, 'Policy', {
      description: `The most that roles of tasks and tenants of kolate ${environmentName} may do`,
      statements: [
        allow('Usable', usable),
        new PolicyStatement({
          sid: 'HandOverToCloudFormation',
          actions: ['iam:PassRole'],
          resources: [`arn:${Aws.PARTITION}:iam::${Aws.ACCOUNT_ID}:role/kolate-${environmentName}-*`],
          conditions: { StringEquals: { 'iam:PassedToService': 'cloudformation.amazonaws.com' } },
        }),
        deny('Forbidden', forbidden),
        // Negated conditions hold for what has no such tag: without Null this would deny nearly everything.
        deny('OtherEnvironments', ['*'], {
          Null: { [ofOthers]: 'false' },
          StringNotEquals: { [ofOthers]: environmentName },
        }),
      ],
    });
    this.explain(environmentName);
  }

  private explain(environmentName: string): void {
    const because = (finding: string, reason: string) =>
      Validations.of(this.policy).acknowledge({ id: `AwsSolutions-IAM5[${finding}]`, reason });
    Validations.of(this.policy).acknowledge({
      id: 'NIST.800.53.R5-IAMPolicyNoStatementsWithFullAccess',
      reason: 'It grants nothing: it bounds roles, whose own policies name single actions.',
    });
    Validations.of(this.policy).acknowledge({
      id: 'cdk-validator-cfnguard::iam_managed_policy_no_statements_with_full_access_check',
      reason: 'It grants nothing: it bounds roles, whose own policies name single actions.',
    });
    because('Resource::*', 'It grants nothing: it bounds roles, whose own policies name resources.');
    because(
      `Resource::arn:<AWS::Partition>:iam::<AWS::AccountId>:role/kolate-${environmentName}-*`,
      'It grants nothing, and names of roles are generated below that prefix.',
    );
    for (const action of usable.filter((name) => name.includes('*'))) {
      because(`Action::${action}`, 'It grants nothing: it bounds roles, whose own policies name single actions.');
    }
  }
}

import { Stack } from 'aws-cdk-lib';
import type { ISubnet } from 'aws-cdk-lib/aws-ec2';
import * as iam from 'aws-cdk-lib/aws-iam';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';
import type { Environment } from '../../config/environment';
import { explainPolicy } from '../explain-policy';
import { storesOnly, tenantSecretArn } from '../secret-folder';
import { launchRights } from './launch-rights';
import type { TenantHosting } from './tenant-hosting';

export type ProvisioningRoleProps = {
  readonly hosting: TenantHosting;
  /** Where hosts of tenants may be. */
  readonly subnets: readonly ISubnet[];
  readonly boundary: iam.IManagedPolicy;
  readonly environment: Pick<Environment, 'name'>;
  /** Of tenants' passwords. */
  readonly rotation: IFunction;
};

/** Stacks of tenants, and what they are called by CloudFormation, begin with it. */
export const tenantStackPrefix = 'kolate-tenant-';

/**
 * What CloudFormation acts as when it makes the stack of a tenant: the types of the template alone, named or tagged as a
 * tenant's, and roles only inside the boundary.
 */
export class ProvisioningRole extends Construct {
  readonly role: iam.Role;

  constructor(scope: Construct, id: string, props: ProvisioningRoleProps) {
    super(scope, id);
    const { hosting, boundary } = props;
    this.role = new iam.Role(this, 'Role', {
      assumedBy: new iam.ServicePrincipal('cloudformation.amazonaws.com'),
      description: 'Makes the stacks of tenants',
    });
    this.allowNamed(hosting, boundary);
    this.allowTagged();
    for (const statement of launchRights(this, props)) this.role.addToPolicy(statement);
    this.allowRotation(props);
    this.allowUnnamed();
    explainPolicy(this.role, [
      [
        /kolate-tenant-/,
        'Every tenant comes with a stack of its own, and what carries a name begins with the stack’s.',
      ],
      [
        /:(ec2|kms):/,
        'Ids are not known before: only what carries the tag of a tenant or comes with its launch template, and the network it is made in.',
      ],
      [/:secret:kolate\//, 'Every tenant comes with secrets of its own, named after it.'],
      [/^Resource::\*$/, 'Reads, Cloud Map and new keys are granted by no name; keys only with the tag of a tenant.'],
    ]);
  }

  private arn(service: string, resource: string): string {
    const { partition, region, account } = Stack.of(this);
    const global = service === 'iam';
    return `arn:${partition}:${service}:${global ? '' : region}:${account}:${resource}`;
  }

  private allow(actions: string[], resources: string[], conditions?: Record<string, Record<string, string>>): void {
    this.role.addToPolicy(new iam.PolicyStatement({ actions, resources, conditions }));
  }

  /** What carries the stack's name. */
  private allowNamed({ cluster, executionRole, hostRole }: TenantHosting, boundary: iam.IManagedPolicy): void {
    const roles = [this.arn('iam', `role/${tenantStackPrefix}*`)];
    this.allow(['iam:CreateRole', 'iam:PutRolePermissionsBoundary'], roles, {
      StringEquals: { 'iam:PermissionsBoundary': boundary.managedPolicyArn },
    });
    this.allow(['iam:DeleteRole', 'iam:GetRole', 'iam:TagRole', 'iam:UntagRole', 'iam:UpdateRole'], roles);
    this.allow(['iam:PassRole'], [...roles, executionRole.roleArn, hostRole.roleArn], {
      StringEquals: { 'iam:PassedToService': 'ecs-tasks.amazonaws.com' },
    });
    this.allow(['iam:PassRole'], [hostRole.roleArn], { StringEquals: { 'iam:PassedToService': 'ec2.amazonaws.com' } });
    this.allow(
      [
        'logs:CreateLogGroup',
        'logs:DeleteLogGroup',
        'logs:PutRetentionPolicy',
        'logs:AssociateKmsKey',
        'logs:TagResource',
      ],
      [this.arn('logs', `log-group:${tenantStackPrefix}*`)],
    );
    this.allow(
      ['cloudwatch:PutMetricAlarm', 'cloudwatch:DeleteAlarms', 'cloudwatch:TagResource'],
      [this.arn('cloudwatch', `alarm:${tenantStackPrefix}*`)],
    );
    this.allow(
      ['ecs:CreateService', 'ecs:UpdateService', 'ecs:DeleteService', 'ecs:TagResource'],
      [this.arn('ecs', `service/${cluster.clusterName}/${tenantStackPrefix}*`)],
    );
    this.allow(
      ['ecs:RegisterTaskDefinition', 'ecs:TagResource'],
      [this.arn('ecs', `task-definition/${tenantStackPrefix}*`)],
    );
    this.allow(
      [
        'autoscaling:CreateAutoScalingGroup',
        'autoscaling:UpdateAutoScalingGroup',
        'autoscaling:DeleteAutoScalingGroup',
        'autoscaling:CreateOrUpdateTags',
        'autoscaling:DeleteTags',
        // A change of the launch template replaces the hosts, one by one.
        'autoscaling:SuspendProcesses',
        'autoscaling:ResumeProcesses',
        'autoscaling:TerminateInstanceInAutoScalingGroup',
      ],
      [this.arn('autoscaling', `autoScalingGroup:*:autoScalingGroupName/${tenantStackPrefix}*`)],
    );
  }

  /** What has no name of its own is told by the tag that CloudFormation gives it. */
  private allowTagged(): void {
    const requested = { Null: { 'aws:RequestTag/kolate:tenant': 'false' } };
    const tagged = { Null: { 'aws:ResourceTag/kolate:tenant': 'false' } };
    const volumes = this.arn('ec2', 'volume/*');
    const groups = this.arn('ec2', 'security-group/*');
    const templates = this.arn('ec2', 'launch-template/*');
    const keys = this.arn('kms', 'key/*');
    this.allow(['ec2:CreateVolume', 'ec2:CreateLaunchTemplate'], [volumes, templates], requested);
    this.allow(['ec2:CreateSecurityGroup'], [groups], requested);
    this.allow(['ec2:CreateSecurityGroup'], [this.arn('ec2', 'vpc/*')]);
    this.allow(['ec2:CreateTags'], [volumes, groups, templates, this.arn('ec2', 'snapshot/*')], requested);
    this.allow(
      [
        ...[
          'ec2:DeleteVolume',
          'ec2:ModifyVolume',
          'ec2:CreateSnapshot',
          'ec2:DeleteLaunchTemplate',
          'ec2:CreateLaunchTemplateVersion',
        ],
        ...['ec2:DeleteSecurityGroup', 'ec2:AuthorizeSecurityGroupIngress', 'ec2:AuthorizeSecurityGroupEgress'],
        ...['ec2:RevokeSecurityGroupIngress', 'ec2:RevokeSecurityGroupEgress'],
      ],
      [volumes, groups, templates, this.arn('ec2', 'snapshot/*')],
      tagged,
    );
    this.allow(['kms:CreateKey', 'kms:TagResource'], ['*'], requested);
    this.allow(
      [
        'kms:DescribeKey',
        'kms:PutKeyPolicy',
        'kms:EnableKeyRotation',
        'kms:UpdateKeyDescription',
        'kms:CreateGrant',
        'kms:GenerateDataKeyWithoutPlaintext',
        'kms:ScheduleKeyDeletion',
      ],
      [keys],
      tagged,
    );
  }

  /** The schedule of a tenant's passwords, by the platform's function alone. */
  private allowRotation({ environment, rotation }: ProvisioningRoleProps): void {
    const secrets = [tenantSecretArn(this, environment, storesOnly)];
    this.allow(['secretsmanager:RotateSecret'], secrets, {
      ArnEquals: { 'secretsmanager:RotationLambdaARN': rotation.functionArn },
    });
    this.allow(['secretsmanager:CancelRotateSecret', 'secretsmanager:DescribeSecret'], secrets);
    this.allow(['lambda:InvokeFunction'], [rotation.functionArn]);
  }

  /** Where the service knows no narrower grant. */
  private allowUnnamed(): void {
    this.allow(
      [
        ...[
          'ec2:DescribeVolumes',
          'ec2:DescribeSecurityGroups',
          'ec2:DescribeLaunchTemplates',
          'ec2:DescribeSnapshots',
        ],
        ...['ec2:DescribeLaunchTemplateVersions', 'ec2:DescribeInstances', 'autoscaling:DescribeAutoScalingGroups'],
        ...['autoscaling:DescribeScalingActivities', 'ecs:DescribeServices', 'ecs:DescribeTaskDefinition'],
        ...['ecs:DeregisterTaskDefinition', 'cloudwatch:DescribeAlarms', 'logs:DescribeLogGroups', 'ssm:GetParameters'],
        ...['servicediscovery:CreateService', 'servicediscovery:GetService', 'servicediscovery:DeleteService'],
        ...['servicediscovery:UpdateService', 'servicediscovery:GetOperation', 'route53:GetHostedZone'],
        ...['servicediscovery:TagResource', 'route53:CreateHealthCheck'],
      ],
      ['*'],
    );
  }
}
